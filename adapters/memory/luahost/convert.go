package luahost

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"stockproof/adapters/redis/command"
)

// redisCall is redis.call: an error reply is raised.
func (h *Host) redisCall(l *lua.LState) int {
	reply := h.redis(l)
	if e, ok := reply.(command.Error); ok {
		l.Error(single(l, "err", string(e)), 1)
	}
	l.Push(h.toLua(reply))
	return 1
}

// redisPCall is redis.pcall: an error reply is a table with the field err.
func (h *Host) redisPCall(l *lua.LState) int {
	l.Push(h.toLua(h.redis(l)))
	return 1
}

func (h *Host) redis(l *lua.LState) any {
	n := l.GetTop()
	if n == 0 {
		return command.Error("ERR Please specify at least one argument for this redis.call()")
	}
	if n > cap(h.args) {
		h.args = make([]string, n)
	}
	args := h.args[:n] // a command keeps none of it
	for i := range args {
		switch v := l.Get(i + 1).(type) {
		case lua.LString:
			args[i] = string(v)
		case lua.LNumber:
			args[i] = FormatNumber(float64(v))
		default:
			return command.Error("ERR Lua redis lib command arguments must be strings or integers")
		}
	}
	return h.call(args)
}

// toLua converts a reply: nil is false, a status a table with ok, an error one with err.
// All "OK" are one table: scripts read a status, they do not write into it.
func (h *Host) toLua(reply any) lua.LValue {
	switch v := reply.(type) {
	case nil:
		return lua.LFalse
	case int64:
		return lua.LNumber(v)
	case string:
		return lua.LString(v)
	case command.Status:
		if v == "OK" {
			return h.done
		}
		return single(h.state, "ok", string(v))
	case command.Error:
		return single(h.state, "err", string(v))
	case []any:
		t := h.state.CreateTable(len(v), 0)
		for i, e := range v {
			t.RawSetInt(i+1, h.toLua(e))
		}
		return t
	}
	panic("luahost: not a reply")
}

// fromLua converts what a script returns: a number is truncated, false and nil are nil, true is 1,
// a table ends at its first nil.
func fromLua(v lua.LValue) any {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return int64(v)
	case lua.LBool:
		if v {
			return int64(1)
		}
		return nil
	case *lua.LTable:
		if e, ok := v.RawGetString("err").(lua.LString); ok {
			return command.Error(e)
		}
		if s, ok := v.RawGetString("ok").(lua.LString); ok {
			return command.Status(s)
		}
		list := make([]any, 0, 4)
		for i := 1; ; i++ {
			e := v.RawGetInt(i)
			if e == lua.LNil {
				return list
			}
			list = append(list, fromLua(e))
		}
	}
	return nil
}

// errorReply is redis.error_reply: Redis 7 puts ERR before a text that does not begin with "-CODE ".
func errorReply(l *lua.LState) int {
	text, ok := l.Get(1).(lua.LString)
	if l.GetTop() != 1 || !ok {
		l.Error(single(l, "err", "ERR wrong number or type of arguments"), 1)
	}
	message := "ERR " + string(text)
	if coded, ok := strings.CutPrefix(string(text), "-"); ok {
		message = coded
		if !strings.Contains(coded, " ") {
			message = "ERR " + coded
		}
	}
	l.Push(single(l, "err", message))
	return 1
}

func statusReply(l *lua.LState) int {
	text, ok := l.Get(1).(lua.LString)
	if l.GetTop() != 1 || !ok {
		l.Error(single(l, "err", "ERR wrong number or type of arguments"), 1)
	}
	l.Push(single(l, "ok", string(text)))
	return 1
}

func single(l *lua.LState, field, text string) *lua.LTable {
	t := l.CreateTable(0, 1)
	t.RawSetString(field, lua.LString(text))
	return t
}
