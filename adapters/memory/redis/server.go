package redis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"stockproof/adapters/memory"
	"stockproof/adapters/memory/luahost"
	"stockproof/adapters/redis/command"
	"stockproof/inventory/port"
)

// Options say what kind of Redis it is.
type Options struct {
	// Name is the server's in calls and errors; default "redis".
	Name string
	// Masters is 0 for one server that is no Cluster, else the number of masters of a Cluster, which
	// share the slots evenly.
	Masters int
	// Host holds compiled scripts; default a new one. Worlds that never run at once may share one.
	Host *luahost.Host
	// KeepWrites is how many of its last writes every master can undo: what a failover may lose and
	// how old a replica's answer may be. Default 0: no replica lags.
	KeepWrites int
	// ColdScripts starts with no script loaded: the first use of each costs a NOSCRIPT and a second
	// round trip. Default: all are loaded, until a restart, a failover or [Server.FlushScripts].
	ColdScripts bool
}

// Server is a Redis 7 in memory: the commands that the shipped scripts and the port need, run by the
// scripts' own bytes. Expiry follows the gate's clock plus [Server.AdvanceClock]. A Cluster routes,
// redirects and refuses as one does (cluster.go). Replicas hold no data of their own: what one
// lacks is known from its master's last writes (journal.go), and seen when it is promoted
// (failover.go) or read from.
type Server struct {
	gate     memory.Gate
	name     string
	masters  int
	host     *luahost.Host
	nodes    []*node    // the masters; one without a Cluster
	names    []string   // of the masters, in calls and errors
	minority []fork     // masters that were cut off and still serve
	slots    *slotTable // nil: shared evenly, no slot has moved yet
	moving   []slotMove
	skewMS   int64 // added to the gate's clock
	lives    int   // of all masters: part of the replication ids
	lag      int   // writes that a read may be behind
	refused  int   // requests, by [Server.Refuse]
	observer func(command.StockChange)
}

// New makes an empty one.
func New(gate memory.Gate, o Options) *Server {
	if o.Name == "" {
		o.Name = "redis"
	}
	if o.Host == nil {
		o.Host = luahost.New()
	}
	r := &Server{gate: gate, name: o.Name, masters: o.Masters, host: o.Host}
	for i := range max(1, o.Masters) {
		r.nodes = append(r.nodes, newNode(r, i, o))
		name := o.Name
		if o.Masters > 0 {
			name = fmt.Sprintf("%s/%d", o.Name, i)
		}
		r.names = append(r.names, name)
	}
	return r
}

// Slot is the hash slot of key in a Cluster.
func Slot(key string) int { return command.Slot(key) }

// Client is the port, for a process without a name.
func (r *Server) Client() port.Speed { return r.ClientOf("") }

// ClientOf is the port for a named process: [Server.Isolate] says which side of a partition it is on.
// A client remembers which master owns a slot, as long as nobody tells it otherwise.
func (r *Server) ClientOf(process string) port.Speed { return &client{r: r, process: process} }

// OnStockChange sets the observer of the article's stock: fn is called inside the server for every
// change that deduct, credit or a blind SET makes, in the order of the changes, also where the script
// fails afterwards or a later failover undoes it. Nil takes it away.
func (r *Server) OnStockChange(fn func(command.StockChange)) { r.observer = fn }

// AdvanceClock puts the servers' clocks d ahead of where they were: an NTP step, or 25 hours.
func (r *Server) AdvanceClock(d time.Duration) {
	r.gate.Local(func() { r.skewMS += d.Milliseconds() })
}

// Keys lists the keys that exist, sorted. For audits: it costs no round trip.
func (r *Server) Keys() (keys []string) {
	r.gate.Local(func() {
		for _, n := range r.nodes {
			keys = append(keys, n.keys.living(n.nowMS())...)
		}
		slices.Sort(keys)
	})
	return keys
}

// Sizes tells every key that exists and the bytes that it and its value take, in any order. For audits: it
// costs no round trip.
func (r *Server) Sizes(each func(key string, bytes int)) {
	r.gate.Local(func() {
		for _, n := range r.nodes {
			now := n.nowMS()
			for _, name := range n.keys.names {
				v := n.keys.byName[name]
				if v.expireMS != 0 && now > v.expireMS {
					continue
				}
				bytes := len(name) + len(v.text)
				for _, f := range v.fields {
					bytes += len(f.name) + len(f.value)
				}
				each(name, bytes)
			}
		}
	})
}

// Look fills in what a plain reading operation is answered where its key lies, without anybody having used
// the key: eviction chooses as it would have. For pictures: no round trip, no fate.
func (r *Server) Look(op port.SpeedOp) error {
	c, err := command.For(op)
	if err != nil {
		return err
	}
	if c.Script != nil {
		return fmt.Errorf("redis: look: %s is no plain command", c.Name)
	}
	r.gate.Local(func() {
		n := r.holder(c.Key())
		uses, used := n.keys.uses, int64(0)
		v := n.keys.byName[c.Key()]
		if v != nil {
			used = v.used
		}
		err = c.Accept(n.exec(c.Args))
		if n.keys.uses = uses; v != nil {
			v.used = used
		}
	})
	return err
}

// Command runs one plain command where its key lies, as redis-cli -c would, its name first. For audits
// and for tests that put a server into a state, a foreign or corrupt one too: no round trip.
func (r *Server) Command(args ...string) (reply any) {
	r.gate.Local(func() {
		name := strings.ToUpper(args[0])
		if r.masters <= 1 || len(args) <= 2 || name != "DEL" && name != "EXISTS" {
			reply = r.command(args)
			return
		}
		sum := int64(0)
		for _, key := range args[1:] { // which may lie on many masters
			n, _ := r.command([]string{name, key}).(int64)
			sum += n
		}
		reply = sum
	})
	return reply
}

func (r *Server) command(args []string) any {
	n := r.nodes[0]
	if len(args) > 1 {
		n = r.holder(args[1])
		n.begin(args[0], args[1])
	}
	return n.exec(args)
}

// Eval runs a script on keys with args, as EVAL does. It must be called inside the gate: it is what a
// wire server in front of this store calls.
func (r *Server) Eval(s *command.Script, keys, args []string) any {
	n := r.nodes[0]
	if len(keys) > 0 {
		if r.masters > 0 && crossSlot(keys, command.Slot(keys[0])) {
			return crossSlotError
		}
		n = r.holder(keys[0])
		n.begin(s.Name, keys[0])
	}
	return n.run(s, keys, args)
}
