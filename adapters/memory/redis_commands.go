package memory

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"stockproof/adapters/redis/command"
)

// Redis's own words. Source: Redis 7.0 server.c, t_string.c, object.c.
const (
	redisWrongType  command.Error  = "WRONGTYPE Operation against a key holding the wrong kind of value"
	redisNotInteger command.Error  = "ERR value is not an integer or out of range"
	redisOverflow   command.Error  = "ERR increment or decrement would overflow"
	redisSyntax     command.Error  = "ERR syntax error"
	redisOK         command.Status = "OK"
)

// exec runs one plain command on a master; the name comes first.
func (r *Redis) exec(args []string, node int) any {
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
	switch name {
	case "GET":
		return r.get(args[0])
	case "SET":
		return r.set(args)
	case "DEL":
		return r.count(args, func(key string) { r.keys.remove(key) })
	case "EXISTS":
		return r.count(args, func(string) {})
	case "INCRBY", "DECRBY":
		return r.add(args[0], args[1], name == "DECRBY")
	case "HSET":
		return r.hset(args)
	case "HMGET":
		return r.hmget(args)
	case "HGETALL":
		return r.hgetall(args[0])
	case "EXPIRE", "PEXPIRE":
		return r.expire(name, args)
	case "TTL", "PTTL":
		return r.ttl(name, args[0])
	case "TYPE":
		return r.kind(args[0])
	}
	return "# Replication\r\nrole:master\r\nmaster_replid:" + r.replID(node) + "\r\n" // INFO
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

// replID is 40 hexadecimal digits that change with every restart.
func (r *Redis) replID(node int) string {
	return fmt.Sprintf("%032x%04x%04x", r.lives, node, len(r.name))
}

func (r *Redis) get(key string) any {
	switch v := r.keys.get(key, r.nowMS()); {
	case v == nil:
		return nil
	case v.hash:
		return redisWrongType
	default:
		return v.text
	}
}

// set is SET key value [EX seconds | PX milliseconds].
func (r *Redis) set(args []string) any {
	v := &redisValue{text: args[1]}
	switch rest := args[2:]; {
	case len(rest) == 0:
	case len(rest) == 2 && (strings.ToUpper(rest[0]) == "EX" || strings.ToUpper(rest[0]) == "PX"):
		unit := int64(1000)
		if strings.ToUpper(rest[0]) == "PX" {
			unit = 1
		}
		at, refused := r.deadline(rest[1], unit, "set")
		if refused != "" {
			return refused
		}
		if at <= r.nowMS() {
			return command.Error("ERR invalid expire time in 'set' command")
		}
		v.expireMS = at
	default:
		return redisSyntax
	}
	r.keys.put(args[0], v)
	return redisOK
}

// deadline turns a relative time into ms on the server's clock.
func (r *Redis) deadline(text string, unit int64, name string) (int64, command.Error) {
	n, fine := redisInteger(text)
	if !fine {
		return 0, redisNotInteger
	}
	if n > (math.MaxInt64-r.nowMS())/unit || n < math.MinInt64/unit {
		return 0, command.Error("ERR invalid expire time in '" + name + "' command")
	}
	return r.nowMS() + n*unit, ""
}

func (r *Redis) count(keys []string, each func(key string)) any {
	n := int64(0)
	for _, key := range keys {
		if r.keys.get(key, r.nowMS()) != nil {
			n++
			each(key)
		}
	}
	return n
}

func (r *Redis) add(key, by string, negate bool) any {
	n, fine := redisInteger(by)
	if !fine {
		return redisNotInteger
	}
	if negate {
		if n == math.MinInt64 {
			return command.Error("ERR decrement would overflow")
		}
		n = -n
	}
	v := r.keys.get(key, r.nowMS())
	old := int64(0)
	if v != nil {
		if v.hash {
			return redisWrongType
		}
		if old, fine = redisInteger(v.text); !fine {
			return redisNotInteger
		}
	}
	if n > 0 && old > math.MaxInt64-n || n < 0 && old < math.MinInt64-n {
		return redisOverflow
	}
	if v == nil {
		v = r.keys.put(key, &redisValue{})
	}
	v.text = strconv.FormatInt(old+n, 10)
	return old + n
}

func (r *Redis) hset(args []string) any {
	if len(args)%2 == 0 {
		return command.Error("ERR wrong number of arguments for 'hset' command")
	}
	v := r.keys.get(args[0], r.nowMS())
	switch {
	case v == nil:
		v = r.keys.put(args[0], &redisValue{hash: true})
	case !v.hash:
		return redisWrongType
	}
	added := int64(0)
	for i := 1; i < len(args); i += 2 {
		if v.setField(args[i], args[i+1]) {
			added++
		}
	}
	return added
}

func (r *Redis) hmget(args []string) any {
	v := r.keys.get(args[0], r.nowMS())
	if v != nil && !v.hash {
		return redisWrongType
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

func (r *Redis) hgetall(key string) any {
	v := r.keys.get(key, r.nowMS())
	if v == nil {
		return []any{}
	}
	if !v.hash {
		return redisWrongType
	}
	list := make([]any, 0, 2*len(v.fields))
	for _, f := range v.fields {
		list = append(list, f.name, f.value)
	}
	return list
}

func (r *Redis) expire(name string, args []string) any {
	unit := int64(1000)
	if name == "PEXPIRE" {
		unit = 1
	}
	at, refused := r.deadline(args[1], unit, strings.ToLower(name))
	if refused != "" {
		return refused
	}
	v := r.keys.get(args[0], r.nowMS())
	if v == nil {
		return int64(0)
	}
	if at <= r.nowMS() {
		r.keys.remove(args[0])
	}
	v.expireMS = at
	return int64(1)
}

func (r *Redis) ttl(name, key string) any {
	v := r.keys.get(key, r.nowMS())
	switch {
	case v == nil:
		return int64(-2)
	case v.expireMS == 0:
		return int64(-1)
	case name == "PTTL":
		return v.expireMS - r.nowMS()
	}
	return (v.expireMS - r.nowMS() + 500) / 1000
}

func (r *Redis) kind(key string) any {
	switch v := r.keys.get(key, r.nowMS()); {
	case v == nil:
		return command.Status("none")
	case v.hash:
		return command.Status("hash")
	}
	return command.Status("string")
}

// redisInteger reads an integer as Redis's string2ll does: canonical decimal, nothing around it.
func redisInteger(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == s
}
