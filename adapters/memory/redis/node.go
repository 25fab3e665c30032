package redis

import (
	"fmt"
	"slices"

	"stockproof/adapters/redis/command"
)

// node is one master: its keys, and what else a request to it can meet.
type node struct {
	r      *Server
	index  int
	keys   keyspace
	skewMS int64 // of this host's clock, added to the others'
	life   int   // part of the replication id
	journal

	// cold says that only the scripts in loaded can be run by their SHA; else all can.
	cold   bool
	loaded []string

	refusing int           // how many requests will get refusal
	refusal  command.Error // and nothing else
	denied   command.Error // what writes are answered; "" = they are not denied
	dirty    bool          // while writes are denied: the running script has written already
}

func newNode(r *Server, index int, o Options) *node {
	return &node{
		r: r, index: index, keys: newKeyspace(), cold: o.ColdScripts,
		journal: journal{keep: o.KeepWrites},
	}
}

func (m *node) nowMS() int64 { return m.r.gate.NowMS() + m.r.skewMS + m.skewMS }

// replID is 40 hexadecimal digits that change with every restart and every failover.
func (m *node) replID() string {
	return fmt.Sprintf("%032x%04x%04x", m.life, m.index, len(m.r.name))
}

// reborn is another process in this master's place: no script, no trouble of the old one, and whoever
// waits for a reply waits in vain.
func (m *node) reborn() {
	m.r.lives++
	m.life = m.r.lives
	m.cold, m.loaded = true, nil
	m.refusing, m.denied = 0, ""
}

// begin is the start of a request: what it writes is one write to a replica, a whole script too.
func (m *node) begin(op, key string) {
	m.dirty = false
	if m.keep > 0 {
		m.open, m.next = false, Write{Op: op, Key: key}
	}
}

// serve runs one request of a client.
func (m *node) serve(q *request) any {
	cmd := q.cmd
	m.begin(cmd.Name, cmd.Key())
	if m.r.masters > 0 {
		if answer := m.r.route(m, q); answer != nil {
			return answer
		}
	}
	if m.refusing > 0 {
		m.refusing--
		m.r.refused++
		return m.refusal
	}
	switch {
	case cmd.Script != nil:
		if m.cold && !slices.Contains(m.loaded, cmd.Script.SHA) {
			if !q.source {
				return noScriptError
			}
			m.loaded = append(m.loaded, cmd.Script.SHA)
		}
		return m.run(cmd.Script, cmd.Keys, cmd.Args)
	case m.r.lag > 0 && (cmd.Args[0] == "GET" || cmd.Args[0] == "HMGET"):
		return m.behind(cmd.Args)
	case m.r.observer != nil:
		return m.watched(nil, cmd.Keys, cmd.Args)
	}
	return m.exec(cmd.Args)
}

// run runs a script.
func (m *node) run(s *command.Script, keys, args []string) any {
	return m.r.host.Run(s, keys, args, func(args []string) any {
		if m.r.observer == nil {
			return m.exec(args)
		}
		return m.watched(s, keys, args)
	})
}
