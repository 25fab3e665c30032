package postgres_test

import (
	"slices"
	"testing"

	"stockproof/model"
)

// Who watches lanes hears each change as it becomes visible, and the way back when a failover loses it.
func TestLanesAreWatchedBothWays(t *testing.T) {
	_, pg, a, _ := standby(t)
	var heard []int64
	pg.OnLane(func(_, after *model.Lane) {
		if after == nil {
			heard = append(heard, -1)
			return
		}
		heard = append(heard, after.OnHand)
	})
	must(t, a.Do(ctx, writeLane("A", 7)))
	must(t, a.Do(ctx, writeLane("A", 9)))
	failover(t, pg, 1)
	if !slices.Equal(heard, []int64{7, 9, 7}) {
		t.Errorf("heard %v", heard)
	}
}
