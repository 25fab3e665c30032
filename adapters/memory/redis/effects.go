package redis

import (
	"strconv"
	"strings"

	"stockproof/adapters/redis/command"
)

// watched runs a command and reports what it did to an article's stock key.
func (m *node) watched(s *command.Script, keys, args []string) any {
	verb := strings.ToUpper(args[0])
	if len(args) < 2 || verb != "DECRBY" && verb != "INCRBY" && verb != "SET" {
		return m.exec(args)
	}
	change := command.StockChange{Op: "set stock", Key: args[1]}
	token := ""
	if s != nil {
		change.Op = s.Name
		if len(keys) > 1 {
			token = keys[1]
		}
	}
	var ok bool
	change.SKU, change.Order, ok = command.ParseStockKey(args[1], token)
	if !ok {
		return m.exec(args)
	}
	change.Before = m.stock(args[1])
	reply := m.exec(args)
	if _, refused := reply.(command.Error); !refused {
		change.After = m.stock(args[1])
		m.r.observer(change)
	}
	return reply
}

// stock reads a counter for the observer: what is absent or no integer counts as 0.
func (m *node) stock(key string) int64 {
	e := m.keys.get(key, m.nowMS())
	if e == nil {
		return 0
	}
	n, _ := strconv.ParseInt(e.text, 10, 64)
	return n
}
