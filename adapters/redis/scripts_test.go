package redis_test

import (
	"errors"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"stockproof/adapters/contract"
	"stockproof/adapters/redis/command"
	"stockproof/adapters/servers"
)

func TestEveryScriptMeansOnRedis7WhatItMeansInGo(t *testing.T) {
	raw := goredis.NewClient(&goredis.Options{Addr: servers.Redis(t), Protocol: 2})
	t.Cleanup(func() { _ = raw.Close() })
	contract.SpeedScripts(t, contract.ScriptBed{
		Eval: func(s *command.Script, keys, args []string) any { return eval(t, raw, s, keys, args) },
		Raw: func(args ...string) any {
			reply := plain(t, raw, args)
			if refused, ok := reply.(command.Error); ok {
				t.Fatalf("%v: %s", args, refused)
			}
			return reply
		},
	}, 4)
}

// eval runs a script from its source.
func eval(t testing.TB, c goredis.UniversalClient, s *command.Script, keys, args []string) any {
	vs := []any{"EVAL", s.Source, len(keys)}
	for _, v := range append(append([]string(nil), keys...), args...) {
		vs = append(vs, v)
	}
	return result(t, c.Do(t.Context(), vs...))
}

// plain runs a plain command.
func plain(t testing.TB, c goredis.UniversalClient, args []string) any {
	vs := make([]any, len(args))
	for i, a := range args {
		vs[i] = a
	}
	return result(t, c.Do(t.Context(), vs...))
}

func result(t testing.TB, cmd *goredis.Cmd) any {
	reply, err := cmd.Result()
	var refused goredis.Error
	switch {
	case errors.Is(err, goredis.Nil):
		return nil
	case errors.As(err, &refused):
		return command.Error(refused.Error())
	case err != nil:
		t.Fatalf("%v: %v", cmd.Args(), err)
	}
	return reply
}
