package redis_test

import (
	"testing"
	"time"

	"stockproof/adapters/contract"
	"stockproof/adapters/live"
	"stockproof/adapters/memory/redis"
	"stockproof/adapters/redis/command"
)

func TestTheSpeedContractIsKept(t *testing.T) {
	for _, masters := range []int{0, 3} {
		name := "single"
		if masters > 0 {
			name = "cluster"
		}
		t.Run(name, func(t *testing.T) {
			contract.Speed(t, func(t *testing.T) *contract.SpeedBed {
				r := redis.New(live.Gate(), redis.Options{Masters: masters})
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
