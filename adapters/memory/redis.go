package memory

import (
	"context"
	"fmt"
	"time"

	"stockproof/adapters/memory/luahost"
	"stockproof/adapters/redis/command"
	"stockproof/inventory/port"
)

// RedisOptions say what kind of Redis it is.
type RedisOptions struct {
	// Name is the server's in calls and errors; default "redis".
	Name string
	// Masters is 0 for one server that is no Cluster, else the number of masters of a Cluster, which
	// share the slots evenly.
	Masters int
	// Host holds compiled scripts; default a new one. Worlds that never run at once may share one.
	Host *luahost.Host
}

// Redis is a Redis 7 in memory: the commands that the shipped scripts and the port need, run by the
// scripts' own bytes. Expiry follows the gate's clock plus [Redis.AdvanceClock]. A Cluster refuses a
// script whose keys lie in two slots; it has no replicas, and no slot moves.
type Redis struct {
	gate     Gate
	name     string
	masters  int
	host     *luahost.Host
	keys     keyspace
	skewMS   int64 // added to the gate's clock
	lives    int   // restarts so far: part of the replication id
	observer func(command.StockChange)
}

// NewRedis makes an empty one.
func NewRedis(gate Gate, o RedisOptions) *Redis {
	if o.Name == "" {
		o.Name = "redis"
	}
	if o.Host == nil {
		o.Host = luahost.New()
	}
	return &Redis{gate: gate, name: o.Name, masters: o.Masters, host: o.Host, keys: newKeyspace()}
}

// Slot is the hash slot of key in a Cluster.
func Slot(key string) int { return command.Slot(key) }

// Client is the port. It holds no state.
func (r *Redis) Client() port.Speed { return redisClient{r} }

// OnStockChange sets the observer of the article's stock: fn is called inside the server for every
// change that deduct, credit or a blind SET makes, in the order of the changes, also where the script
// fails afterwards. Nil takes it away.
func (r *Redis) OnStockChange(fn func(command.StockChange)) { r.observer = fn }

// AdvanceClock puts the server's clock d ahead of where it was: an NTP step, or 25 hours.
func (r *Redis) AdvanceClock(d time.Duration) {
	r.gate.Local(func() { r.skewMS += d.Milliseconds() })
}

// RestartEmpty is a restart without persistence: everything is gone, and the replication ids are new.
func (r *Redis) RestartEmpty() {
	r.gate.Local(func() {
		r.keys = newKeyspace()
		r.lives++
	})
}

// Keys lists the keys that exist, sorted. For audits: it costs no round trip.
func (r *Redis) Keys() (keys []string) {
	r.gate.Local(func() { keys = r.keys.sorted(r.nowMS()) })
	return keys
}

// Command runs one plain command as redis-cli would, its name first. For audits and for tests that
// put the server into a state; it costs no round trip.
func (r *Redis) Command(args ...string) (reply any) {
	r.gate.Local(func() { reply = r.exec(args, 0) })
	return reply
}

// Eval runs a script on keys with args, as EVALSHA does. It must be called inside the gate: it is
// what a wire server in front of this store calls.
func (r *Redis) Eval(s *command.Script, keys, args []string) any {
	if r.masters > 0 {
		for _, k := range keys {
			if command.Slot(k) != command.Slot(keys[0]) {
				return command.Error("CROSSSLOT Keys in request don't hash to the same slot")
			}
		}
	}
	node := 0
	if len(keys) > 0 {
		node = r.node(keys[0])
	}
	return r.host.Run(s, keys, args, func(args []string) any {
		if r.observer == nil {
			return r.exec(args, node)
		}
		return r.watched(s, keys, args, node)
	})
}

// node is the master that owns key.
func (r *Redis) node(key string) int {
	if r.masters <= 1 {
		return 0
	}
	return command.Slot(key) * r.masters / command.Slots
}

func (r *Redis) nowMS() int64 { return r.gate.NowMS() + r.skewMS }

func (r *Redis) nodeName(node int) string {
	if r.masters == 0 {
		return r.name
	}
	return fmt.Sprintf("%s/%d", r.name, node)
}

type redisClient struct{ r *Redis }

// Do implements [port.Speed]: one call to each master that owns a key, in the masters' order.
func (c redisClient) Do(ctx context.Context, ops ...port.SpeedOp) error {
	cmds, err := command.All(ops)
	if err != nil {
		return command.FailAll(ops, err)
	}
	for node := range max(1, c.r.masters) {
		var mine []command.Command
		var owners []port.SpeedOp
		for i, cmd := range cmds {
			if c.r.node(cmd.Key()) == node {
				mine, owners = append(mine, cmd), append(owners, ops[i])
			}
		}
		if len(mine) > 0 {
			c.round(ctx, c.r.nodeName(node), mine, owners)
		}
	}
	return command.Worst(ops)
}

// round is the round trip to one master. The server fills only the replies of this attempt: a request
// that arrives late finds nobody's operations.
func (c redisClient) round(ctx context.Context, server string, cmds []command.Command,
	ops []port.SpeedOp) {
	replies := make([]any, len(cmds))
	call := Call{Server: server, Op: cmds[0].Name, Key: cmds[0].Key()}
	err := c.r.gate.Call(ctx, call, func() error {
		for i, cmd := range cmds {
			if i > 0 {
				c.r.gate.Step() // a pipeline is not atomic
			}
			replies[i] = c.r.serve(cmd)
		}
		return nil
	})
	for i, cmd := range cmds {
		failed := err
		if err == nil {
			failed = cmd.Accept(replies[i])
		} else {
			failed = fmt.Errorf("%s %q: %w", cmd.Name, cmd.Key(), err)
		}
		if failed != nil {
			failed = fmt.Errorf("redis %s: %w", server, failed)
		}
		ops[i].SpeedOp().Err = failed
	}
}

// serve runs one request.
func (r *Redis) serve(cmd command.Command) any {
	if cmd.Script != nil {
		return r.Eval(cmd.Script, cmd.Keys, cmd.Args)
	}
	if r.observer != nil {
		return r.watched(nil, cmd.Keys, cmd.Args, r.node(cmd.Key()))
	}
	return r.exec(cmd.Args, r.node(cmd.Key()))
}
