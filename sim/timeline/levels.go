package timeline

import (
	"fmt"
	"slices"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// Level is what truth and speed hold of a lane at the end of a row.
type Level struct {
	Lane         model.LaneKey
	Truth, Speed Stock
}

// Stock is one side's number of a lane. Units, which a broken design may let fall below zero.
type Stock struct {
	Known    bool  // false: that side has nothing of the lane, or nothing that can be read
	Avail    int64 // that can be promised
	Reserved int64 // promised and still in the building; ledgers only
	Seq      int64 // decisions so far; ledgers only
}

// onLane hears every change of a lane's row as it becomes visible, and its way back when it is lost.
func (t *Timeline) onLane(before, after *model.Lane) {
	switch {
	case after == nil:
		delete(t.truth, before.Key)
	default:
		t.lane(after.Key)
		t.truth[after.Key] = Stock{after.Known(), after.Avail(), after.Reserved, after.Seq}
	}
}

// shopLevel is onLane for designs whose books have one row per SKU.
func (t *Timeline) shopLevel(before, after *port.ShopStock) {
	if after == nil {
		delete(t.truth, model.LaneKey{SKU: before.SKU, Loc: model.MainLocation})
		return
	}
	key := model.LaneKey{SKU: after.SKU, Loc: model.MainLocation}
	t.lane(key)
	t.truth[key] = Stock{Known: true, Avail: after.Stock}
}

func (t *Timeline) lane(k model.LaneKey) {
	if !slices.Contains(t.Lanes, k) {
		t.Lanes = append(t.Lanes, k)
	}
}

// sample gives a row the levels that have changed since the last.
func (t *Timeline) sample(r *Row) {
	r.Levels, t.orphans = t.orphans, nil
	for _, k := range t.Lanes {
		now := Level{k, t.truth[k], t.speed(k)}
		if before, known := t.levels[k]; known && before == now {
			continue
		}
		t.levels[k] = now
		r.Levels = slices.DeleteFunc(r.Levels, func(l Level) bool { return l.Lane == k })
		r.Levels = append(r.Levels, now)
	}
}

// speed looks at what the speed layer holds of a lane, as an audit of the design would read it.
func (t *Timeline) speed(k model.LaneKey) (s Stock) {
	switch t.s.Config().Design.Books {
	case inventory.LedgerBooks:
		read := &port.ReadLane{Space: port.SpeedSpace, Lane: k}
		if t.s.Redis.Look(read) == nil && read.Found {
			return Stock{true, read.Avail, read.Reserved, read.Seq}
		}
	case inventory.ShopBooks:
		shards := t.s.Config().Options.Shards
		for shard := min(1, shards); shard <= shards; shard++ {
			get := &port.GetStock{SKU: string(k.SKU), Shard: shard}
			if t.s.Redis.Look(get) == nil && get.Found {
				s.Known, s.Avail = true, s.Avail+get.Stock
			}
		}
	}
	return s
}

// Rest implements [sim.Drawing]. It adds a row at the end where a lane came to hold something else than the last row
// has: what a fault held in its place is put right once all faults have ended.
func (t *Timeline) Rest() {
	r := Row{After: t.s.Engine.Now().Sub(t.began), Step: t.s.Engine.Steps()}
	t.sample(&r)
	for _, l := range r.Levels {
		if l.Speed.Known {
			r.Cells = append(r.Cells, Cell{Column: "redis", Text: fmt.Sprintf("(at rest: %s %d)", LaneName(l.Lane), l.Speed.Avail)})
		}
	}
	if len(r.Cells) > 0 {
		t.Rows = append(t.Rows, r)
	}
}

// remove takes a row out. What became of the lanes meanwhile is seen in the next one.
func (t *Timeline) remove(row int) {
	levels := t.Rows[row].Levels
	t.Rows = slices.Delete(t.Rows, row, row+1)
	if row == len(t.Rows) {
		t.orphans = append(t.orphans, levels...)
		return
	}
	next := &t.Rows[row]
	for _, l := range levels {
		if !slices.ContainsFunc(next.Levels, func(x Level) bool { return x.Lane == l.Lane }) {
			next.Levels = append(next.Levels, l)
		}
	}
}

// LaneName is what pictures call a lane: its SKU, and its location where that is not the usual one.
func LaneName(k model.LaneKey) string {
	if k.Loc == model.MainLocation {
		return ascii(string(k.SKU))
	}
	return ascii(string(k.SKU) + " at " + string(k.Loc))
}
