package checks

import (
	"cmp"
	"fmt"
	"slices"

	"stockproof/model"
)

// What a lane may keep in one read model of the speed layer, however many orders it has seen. A lane's
// hash needs one key and some 150 bytes; the slack lets a design keep shards or a ring of recent outcomes.
// What belongs to no SKU, as the heartbeats of partitions, has a bound of its own for every read model.
const (
	MaxLaneKeys    = 4
	MaxLaneBytes   = 4096
	MaxSharedKeys  = 1024
	MaxSharedBytes = 64 << 10
)

// boundedMemory: what the speed layer keeps of a SKU at the end is bounded by its lanes and not by the orders
// that it has seen: [MaxLaneKeys] keys and [MaxLaneBytes] bytes for every lane in every read model. Rows of
// the truth are its memory and not state: they are meant to last.
type boundedMemory struct{ header *Header }

func (c *boundedMemory) Observe(int, Event) {}

func (c *boundedMemory) Finish(a Audit) Report {
	if !a.StateRead {
		return notChecked(BoundedMemory, "nobody counted what the speed layer keeps")
	}
	f := findings{unit: Keys}
	lanes, orders := map[model.SKU]int64{}, map[model.SKU]int64{}
	for _, l := range a.Lanes {
		lanes[l.Key.SKU]++
	}
	for _, row := range a.Commands {
		orders[row.SKU]++
	}
	models := int64(1 + len(a.Feeds))
	state := slices.Clone(a.State)
	slices.SortFunc(state, func(x, y Footprint) int { return cmp.Compare(x.SKU, y.SKU) })
	for _, s := range state {
		bound := max(1, lanes[s.SKU]) * models
		what, keys, bytes := fmt.Sprintf("of %q, which has seen %d commands", s.SKU, orders[s.SKU]), MaxLaneKeys*bound,
			MaxLaneBytes*bound
		if s.Shared {
			what, keys, bytes = "of no SKU", MaxSharedKeys*models, MaxSharedBytes*models
		}
		if s.Keys > keys || s.Bytes > bytes {
			f.add(max(0, s.Keys-keys), fmt.Sprintf("the speed layer keeps %d keys, %d bytes %s; %d keys and %d bytes are "+
				"the bound", s.Keys, s.Bytes, what, keys, bytes), s.evidence(Offender))
		}
	}
	return f.report(BoundedMemory)
}

func (s Footprint) evidence(role Role) Evidence {
	if s.Shared {
		return Evidence{Role: role, Text: fmt.Sprintf("%d keys, %d bytes of no SKU in the speed layer", s.Keys, s.Bytes)}
	}
	return Evidence{Role: role, Lane: model.LaneKey{SKU: s.SKU, Loc: model.MainLocation},
		Text: fmt.Sprintf("%q: %d keys, %d bytes in the speed layer", s.SKU, s.Keys, s.Bytes)}
}
