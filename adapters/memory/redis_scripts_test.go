package memory_test

import (
	"context"
	"testing"

	"stockproof/adapters/contract"
	"stockproof/adapters/memory"
	"stockproof/adapters/redis/command"
)

func TestEveryScriptMeansInMemoryWhatItMeansInGo(t *testing.T) {
	gate := redisGate()
	r := memory.NewRedis(gate, memory.RedisOptions{})
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
