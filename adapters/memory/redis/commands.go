package redis

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"stockproof/adapters/redis/command"
)

// Redis's own words. Source: Redis 7.0 server.c, t_string.c, object.c.
const (
	wrongTypeError  command.Error  = "WRONGTYPE Operation against a key holding the wrong kind of value"
	notIntegerError command.Error  = "ERR value is not an integer or out of range"
	overflowError   command.Error  = "ERR increment or decrement would overflow"
	syntaxError     command.Error  = "ERR syntax error"
	okReply         command.Status = "OK"
)

// exec runs one plain command; the name comes first.
func (m *node) exec(args []string) any {
	if len(args) == 0 {
		return command.Error("ERR unknown command ''")
	}
	name, args := strings.ToUpper(args[0]), args[1:]
	least, known := arity(name)
	switch {
	case !known:
		return command.Error(fmt.Sprintf("ERR unknown command '%s'", name))
	case len(args) < least:
		name = strings.ToLower(name)
		return command.Error(fmt.Sprintf("ERR wrong number of arguments for '%s' command", name))
	}
	if m.denied != "" {
		if refused := m.deny(name); refused != "" {
			return refused
		}
	}
	switch name {
	case "GET":
		return m.get(args[0])
	case "SET":
		return m.set(args)
	case "DEL":
		return m.count(args, func(key string) { m.save(key); m.keys.remove(key) })
	case "EXISTS":
		return m.count(args, func(string) {})
	case "INCRBY", "DECRBY":
		return m.add(args[0], args[1], name == "DECRBY")
	case "HSET":
		return m.hset(args)
	case "HMGET":
		return m.hmget(args)
	case "HGETALL":
		return m.hgetall(args[0])
	case "EXPIRE", "PEXPIRE":
		return m.expire(name, args)
	case "TTL", "PTTL":
		return m.ttl(name, args[0])
	case "TYPE":
		return m.kind(args[0])
	}
	return "# Replication\r\nrole:master\r\nmaster_replid:" + m.replID() + "\r\n" // INFO
}

// arity is the least number of arguments of a command that exists here.
func arity(name string) (least int, known bool) {
	switch name {
	case "INFO":
		return 0, true
	case "GET", "DEL", "EXISTS", "HGETALL", "TTL", "PTTL", "TYPE":
		return 1, true
	case "SET", "INCRBY", "DECRBY", "HMGET", "EXPIRE", "PEXPIRE":
		return 2, true
	case "HSET":
		return 3, true
	}
	return 0, false
}

func (m *node) get(key string) any {
	switch v := m.keys.use(key, m.nowMS()); {
	case v == nil:
		return nil
	case v.hash:
		return wrongTypeError
	default:
		return v.text
	}
}

// set is SET key value [EX seconds | PX milliseconds].
func (m *node) set(args []string) any {
	v := &value{text: args[1]}
	switch rest := args[2:]; {
	case len(rest) == 0:
	case len(rest) == 2 && (strings.ToUpper(rest[0]) == "EX" || strings.ToUpper(rest[0]) == "PX"):
		unit := int64(1000)
		if strings.ToUpper(rest[0]) == "PX" {
			unit = 1
		}
		at, refused := m.deadline(rest[1], unit, "set")
		if refused != "" {
			return refused
		}
		if at <= m.nowMS() {
			return command.Error("ERR invalid expire time in 'set' command")
		}
		v.expireMS = at
	default:
		return syntaxError
	}
	m.save(args[0])
	m.keys.put(args[0], v)
	return okReply
}

// deadline turns a relative time into ms on the server's clock.
func (m *node) deadline(text string, unit int64, name string) (int64, command.Error) {
	n, fine := integer(text)
	if !fine {
		return 0, notIntegerError
	}
	if n > (math.MaxInt64-m.nowMS())/unit || n < math.MinInt64/unit {
		return 0, command.Error("ERR invalid expire time in '" + name + "' command")
	}
	return m.nowMS() + n*unit, ""
}

func (m *node) count(keys []string, each func(key string)) any {
	n := int64(0)
	for _, key := range keys {
		if m.keys.get(key, m.nowMS()) != nil {
			n++
			each(key)
		}
	}
	return n
}

func (m *node) add(key, by string, negate bool) any {
	n, fine := integer(by)
	if !fine {
		return notIntegerError
	}
	if negate {
		if n == math.MinInt64 {
			return command.Error("ERR decrement would overflow")
		}
		n = -n
	}
	v := m.keys.use(key, m.nowMS())
	old := int64(0)
	if v != nil {
		if v.hash {
			return wrongTypeError
		}
		if old, fine = integer(v.text); !fine {
			return notIntegerError
		}
	}
	if n > 0 && old > math.MaxInt64-n || n < 0 && old < math.MinInt64-n {
		return overflowError
	}
	m.save(key)
	if v == nil {
		v = m.keys.put(key, &value{})
	}
	v.text = strconv.FormatInt(old+n, 10)
	return old + n
}

func (m *node) hset(args []string) any {
	if len(args)%2 == 0 {
		return command.Error("ERR wrong number of arguments for 'hset' command")
	}
	v := m.keys.use(args[0], m.nowMS())
	if v != nil && !v.hash {
		return wrongTypeError
	}
	m.save(args[0])
	if v == nil {
		v = m.keys.put(args[0], &value{hash: true})
	}
	added := int64(0)
	for i := 1; i < len(args); i += 2 {
		if v.setField(args[i], args[i+1]) {
			added++
		}
	}
	return added
}

func (m *node) hmget(args []string) any {
	v := m.keys.use(args[0], m.nowMS())
	if v != nil && !v.hash {
		return wrongTypeError
	}
	list := make([]any, len(args)-1)
	for i, name := range args[1:] {
		if v == nil {
			continue
		}
		if value, found := v.field(name); found {
			list[i] = value
		}
	}
	return list
}

func (m *node) hgetall(key string) any {
	v := m.keys.use(key, m.nowMS())
	if v == nil {
		return []any{}
	}
	if !v.hash {
		return wrongTypeError
	}
	list := make([]any, 0, 2*len(v.fields))
	for _, f := range v.fields {
		list = append(list, f.name, f.value)
	}
	return list
}

func (m *node) expire(name string, args []string) any {
	unit := int64(1000)
	if name == "PEXPIRE" {
		unit = 1
	}
	at, refused := m.deadline(args[1], unit, strings.ToLower(name))
	if refused != "" {
		return refused
	}
	v := m.keys.use(args[0], m.nowMS())
	if v == nil {
		return int64(0)
	}
	m.save(args[0])
	if at <= m.nowMS() {
		m.keys.remove(args[0])
	}
	v.expireMS = at
	return int64(1)
}

func (m *node) ttl(name, key string) any {
	v := m.keys.get(key, m.nowMS())
	switch {
	case v == nil:
		return int64(-2)
	case v.expireMS == 0:
		return int64(-1)
	case name == "PTTL":
		return v.expireMS - m.nowMS()
	}
	return (v.expireMS - m.nowMS() + 500) / 1000
}

func (m *node) kind(key string) any {
	switch v := m.keys.get(key, m.nowMS()); {
	case v == nil:
		return command.Status("none")
	case v.hash:
		return command.Status("hash")
	}
	return command.Status("string")
}

// integer reads an integer as Redis's string2ll does: canonical decimal, nothing around it.
func integer(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == s
}
