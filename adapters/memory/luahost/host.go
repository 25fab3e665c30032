package luahost

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"

	"stockproof/adapters/redis/command"
)

// Call runs one plain command for a script, its name first, and gives its reply (package command). It must not
// keep args.
type Call func(args []string) any

// Host holds the compiled scripts.
type Host struct {
	state  *lua.LState
	loaded map[string]*lua.LFunction // by SHA
	done   *lua.LTable               // the status OK
	call   Call                      // of the script that runs
	args   []string                  // of its command
}

// chunk is the name under which Redis 7 loads scripts; it appears in error messages.
const chunk = "user_script"

// New makes a host without scripts; each is compiled when it first runs.
func New() *Host {
	h := &Host{
		state: lua.NewState(lua.Options{
			SkipOpenLibs: true, CallStackSize: 64, RegistrySize: 1024, RegistryMaxSize: 1 << 20,
		}),
		loaded: map[string]*lua.LFunction{},
	}
	h.openLibraries()
	h.done = single(h.state, "ok", "OK")
	h.forbidGlobals()
	return h
}

// Run runs script and gives its reply. Whatever goes wrong in the script is an error reply, as in
// Redis: what the script did before stays done.
func (h *Host) Run(script *command.Script, keys, args []string, call Call) any {
	fn, ok := h.loaded[script.SHA]
	if !ok {
		var err error
		if fn, err = h.compile(script.Source); err != nil {
			return command.Error("ERR Error compiling script (new function): " + err.Error())
		}
		h.loaded[script.SHA] = fn
	}
	h.setList("KEYS", keys)
	h.setList("ARGV", args)
	h.call = call
	h.state.Push(fn)
	if err := h.state.PCall(0, 1, nil); err != nil {
		return command.Error(failure(err, script.SHA))
	}
	v := h.state.Get(-1)
	h.state.Pop(1)
	return fromLua(v)
}

func (h *Host) compile(source string) (*lua.LFunction, error) {
	tree, err := parse.Parse(strings.NewReader(source), chunk)
	if err != nil {
		return nil, err
	}
	proto, err := lua.Compile(tree, chunk)
	if err != nil {
		return nil, err
	}
	// A main chunk has no table arg in Lua 5.1; gopher-lua would build one at every call, for 2 kB.
	proto.IsVarArg &^= lua.VarArgNeedsArg
	return h.state.NewFunctionFromProto(proto), nil
}

// failure is the error reply of a script that raised. An error of redis.call is a table that carries
// its own code; anything else is Lua's text.
func failure(err error, sha string) string {
	text := err.Error()
	if api, ok := err.(*lua.ApiError); ok {
		text = "ERR " + strings.TrimSpace(api.Object.String())
		if t, ok := api.Object.(*lua.LTable); ok {
			text = t.RawGetString("err").String()
		}
	}
	return fmt.Sprintf("%s script: %s, on @%s.", text, sha, chunk)
}

func (h *Host) openLibraries() {
	for _, lib := range []struct {
		name string
		open lua.LGFunction
	}{
		{lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable},
		{lua.StringLibName, lua.OpenString}, {lua.MathLibName, lua.OpenMath},
	} {
		h.state.Push(h.state.NewFunction(lib.open))
		h.state.Push(lua.LString(lib.name))
		h.state.Call(1, 0)
	}
	for _, name := range []string{"print", "dofile", "loadfile", "require", "module"} { // as in Redis
		h.state.SetGlobal(name, lua.LNil)
	}
	h.state.SetGlobal("tonumber", h.state.NewFunction(h.tonumber(h.state.GetGlobal("tonumber"))))
	text := h.state.GetGlobal("string").(*lua.LTable)
	text.RawSetString("find", h.state.NewFunction(find(text.RawGetString("find"))))
	lib := h.state.NewTable()
	for _, f := range []struct {
		name string
		fn   lua.LGFunction
	}{
		{"call", h.redisCall}, {"pcall", h.redisPCall},
		{"error_reply", errorReply}, {"status_reply", statusReply},
	} {
		lib.RawSetString(f.name, h.state.NewFunction(f.fn))
	}
	h.state.SetGlobal("redis", lib)
}

// forbidGlobals makes a script that sets or misspells a global fail, as in Redis, instead of leaking
// state into the next call.
func (h *Host) forbidGlobals() {
	guard := h.state.NewTable()
	guard.RawSetString("__index", h.state.NewFunction(func(l *lua.LState) int {
		l.RaiseError("Script attempted to access nonexistent global variable '%s'", l.ToString(2))
		return 0
	}))
	guard.RawSetString("__newindex", h.state.NewFunction(func(l *lua.LState) int {
		l.RaiseError("Attempt to modify a readonly table")
		return 0
	}))
	h.state.SetMetatable(h.state.G.Global, guard)
}

// tonumber replaces gopher-lua's for one argument; with a base, the original does.
func (h *Host) tonumber(original lua.LValue) lua.LGFunction {
	return func(l *lua.LState) int {
		s, ok := l.Get(1).(lua.LString)
		if l.GetTop() != 1 || !ok {
			top := l.GetTop()
			l.Push(original)
			for i := 1; i <= top; i++ {
				l.Push(l.Get(i))
			}
			l.Call(top, 1)
			return 1
		}
		n, ok := ParseNumber(string(s))
		if !ok {
			l.Push(lua.LNil)
			return 1
		}
		l.Push(lua.LNumber(n))
		return 1
	}
}

// setList makes the global name the list vs: a fresh one, since a script may write into it.
func (h *Host) setList(name string, vs []string) {
	t := h.state.CreateTable(len(vs), 0)
	for i, v := range vs {
		t.RawSetInt(i+1, lua.LString(v))
	}
	h.state.G.Global.RawSetString(name, t)
}
