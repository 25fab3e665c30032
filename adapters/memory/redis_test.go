package memory_test

import (
	"testing"
	"time"

	"stockproof/adapters/contract"
	"stockproof/adapters/memory"
	"stockproof/adapters/redis/command"
)

func redisGate() *memory.Plain {
	return memory.NewPlain(time.Now, func(d time.Duration, fn func()) func() bool { return time.AfterFunc(d, fn).Stop })
}

func TestRedisKeepsTheSpeedContract(t *testing.T) {
	for _, masters := range []int{0, 3} {
		name := "single"
		if masters > 0 {
			name = "cluster"
		}
		t.Run(name, func(t *testing.T) {
			contract.Speed(t, func(t *testing.T) *contract.SpeedBed {
				r := memory.NewRedis(redisGate(), memory.RedisOptions{Masters: masters})
				return &contract.SpeedBed{
					Speed: r.Client(),
					Raw: func(args ...string) (any, error) {
						reply := r.Command(args...)
						if refused, ok := reply.(command.Error); ok {
							t.Fatalf("%v: %s", args, refused)
						}
						return reply, nil
					},
					Expire:  func(string) { r.AdvanceClock(25 * time.Hour) },
					Servers: []string{"redis"},
				}
			})
		})
	}
}
