package redis_test

import (
	"context"
	"testing"

	"stockproof/adapters/contract"
	"stockproof/adapters/live"
	"stockproof/adapters/memory"
	"stockproof/adapters/memory/redis"
	"stockproof/adapters/redis/command"
)

func TestEveryScriptMeansInMemoryWhatItMeansInGo(t *testing.T) {
	gate := live.Gate()
	r := redis.New(gate, redis.Options{})
	contract.SpeedScripts(t, contract.ScriptBed{
		Eval: func(s *command.Script, keys, args []string) (reply any) {
			err := gate.Call(context.Background(), memory.Call{}, func() error {
				reply = r.Eval(s, keys, args)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return reply
		},
		Raw: func(args ...string) any {
			reply := r.Command(args...)
			if refused, ok := reply.(command.Error); ok {
				t.Fatalf("%v: %s", args, refused)
			}
			return reply
		},
	}, 60)
}
