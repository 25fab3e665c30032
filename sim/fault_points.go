package sim

import (
	"fmt"
	"slices"
	"strings"

	"stockproof/sim/engine"
)

// points are the names of all points, by what is asked: clients ask the API, and its processes the servers.
var points = [...]struct {
	server string
	names  []string
}{
	{"the API", []string{"admit", "conclude", "look-up", "read-stock", "read-stock-from-the-truth"}},
	{"PostgreSQL", []string{"begin", "query", "settle", "rollback", "read-slot", "confirm-slot", "snapshot"}},
	{"Kafka", []string{"join", "claim", "fetch", "produce", "offset-commit", "end", "leave"}},
	{"Redis", []string{"install", "remove", "read", "beat", "read-beat", "read-replication", "deduct", "credit", "set-stock", "get-stock"}},
}

// knownPoint refuses a name that no point has: the fault would wait for it for ever, and be missed at the end.
func knownPoint(name string) error {
	var all []string
	for _, s := range points {
		if slices.Contains(s.names, name) {
			return nil
		}
		all = append(all, fmt.Sprintf("of %s %s", s.server, strings.Join(s.names, ", ")))
	}
	return fmt.Errorf("there is no point %q; there are %s", name, strings.Join(all, "; "))
}

// PointName is what schedules call the point of a call; "" for points that have no name: they belong to
// no request.
func PointName(p *engine.Point) string {
	switch p.Phase {
	case engine.Request, engine.Response:
	default:
		return ""
	}
	c := &p.Call
	switch {
	case c.Server == "postgres" && c.Op == "tx commit":
		return "settle"
	case c.Server == "postgres" && c.Op == "tx do":
		return "begin"
	case c.Server == "postgres" && c.Op == "do":
		return "query"
	case c.Server == "postgres" && c.Op == "tx rollback":
		return "rollback"
	case c.Server == "kafka" && c.Op == "commit":
		return "offset-commit"
	}
	return strings.ReplaceAll(c.Op, " ", "-")
}
