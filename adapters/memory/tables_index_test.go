package memory

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// An index is a sorted map, whatever came and went before somebody walks it.
func TestAnIndexWalksWhatIsThereInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := newIndex[int, int](cmp.Compare[int])
		model := map[int]int{}
		key := rapid.IntRange(0, 2*blockSize)
		walk := func(from int) {
			var got, want []int
			x.from(from, func(k, v int) bool { got = append(got, k, v); return true })
			for k := range 2*blockSize + 1 {
				if v, ok := model[k]; ok && k >= from {
					want = append(want, k, v)
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("from %d: %v, want %v", from, got, want)
			}
		}
		for range rapid.IntRange(1, 600).Draw(t, "steps") {
			k := key.Draw(t, "key")
			switch rapid.IntRange(0, 9).Draw(t, "op") {
			case 0:
				walk(k)
			case 1, 2, 3:
				x.drop(k)
				delete(model, k)
			default:
				x.put(k, k+1000)
				model[k] = k + 1000
			}
			if _, ok := x.get(k); ok != (model[k] != 0) {
				t.Fatalf("%d is there: %v", k, ok)
			}
		}
		walk(0)
	})
}

// What comes and goes leaves nothing behind.
func TestAnIndexForgetsWhatWasDropped(t *testing.T) {
	x := newIndex[int, int](cmp.Compare[int])
	for k := range 100_000 {
		x.put(k, k)
		if k%1000 == 0 {
			x.all(func(int, int) bool { return false })
		}
		if k >= 10 {
			x.drop(k - 10)
		}
	}
	kept := len(x.fresh)
	for _, b := range x.blocks {
		kept += len(b)
	}
	if kept > 1000 {
		t.Fatalf("%d keys are kept of 10", kept)
	}
}
