package command

import (
	"fmt"
	"strconv"

	"stockproof/inventory/port"
)

// Command is one request to Redis: a script with its keys and arguments, or a plain command.
type Command struct {
	Name   string   // what is being done, for errors and schedules: "install"
	Script *Script  // nil for a plain command
	Keys   []string // what the operation is about first; never empty
	Args   []string // ARGV of the script; or the plain command, its own name first
	op     port.SpeedOp
}

// Key is the key that the operation is about; it decides which node of a Cluster is asked.
func (c Command) Key() string { return c.Keys[0] }

// For is the command of op. An operation type that no server of Redis knows is an error of no class:
// a bug in the caller.
func For(op port.SpeedOp) (Command, error) {
	switch o := op.(type) {
	case *port.InstallLane:
		return installLane(o), nil
	case *port.RemoveLane:
		key := LaneKey(o.Space, o.Lane)
		return plain("remove", op, "DEL", key), nil
	case *port.ReadLane:
		return readLane(o), nil
	case *port.WriteBeat:
		return script("beat", op, Beat, []string{BeatKey(o.Space, o.Partition)}, number(o.At)), nil
	case *port.ReadBeat:
		return plain("read beat", op, "GET", BeatKey(o.Space, o.Partition)), nil
	case *port.ReadReplication:
		keys := []string{LaneKey(port.SpeedSpace, o.Lane)}
		return script("read replication", op, ReplID, keys), nil
	case *port.Deduct:
		keys := []string{StockKey(o.SKU, o.Shard), TokenKey(o.SKU, o.Order)}
		return script("deduct", op, Deduct, keys, o.Qty, o.TTL), nil
	case *port.Credit:
		keys := []string{StockKey(o.SKU, o.Shard), TokenKey(o.SKU, o.Order)}
		return script("credit", op, Credit, keys, o.Qty, o.TTL), nil
	case *port.SetStock:
		return plain("set stock", op, "SET", StockKey(o.SKU, o.Shard), number(o.Stock)), nil
	case *port.GetStock:
		return plain("get stock", op, "GET", StockKey(o.SKU, o.Shard)), nil
	}
	return Command{}, fmt.Errorf("redis: no command for a %T", op)
}

// All builds the commands of ops, or fails for all of them.
func All(ops []port.SpeedOp) ([]Command, error) {
	cs := make([]Command, len(ops))
	for i, op := range ops {
		c, err := For(op)
		if err != nil {
			return nil, err
		}
		cs[i] = c
	}
	return cs, nil
}

func script(name string, op port.SpeedOp, s *Script, keys []string, args ...string) Command {
	return Command{Name: name, Script: s, Keys: keys, Args: args, op: op}
}

func plain(name string, op port.SpeedOp, verb, key string, more ...string) Command {
	args := append([]string{verb, key}, more...)
	return Command{Name: name, Keys: args[1:2], Args: args, op: op}
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
