package page

import (
	"slices"

	"stockproof/model"
	"stockproof/sim/timeline"
)

// data is what the scripts draw from.
type data struct {
	Runs []run `json:"runs"`
}

// run is a run as the scripts see it. Names are short: a run of 10 000 rows is a page of a megabyte.
type run struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Lanes   []string `json:"lanes"`
	Lane    int      `json:"lane"`  // to begin with: the one that the verdict is about
	Speed   bool     `json:"speed"` // there is a speed layer
	Ledger  bool     `json:"ledger"`
	Rows    []row    `json:"rows"`
}

// row is one row of the timeline.
type row struct {
	At     int64   `json:"t"` // microseconds since the clients began
	Step   int     `json:"n"` // of the engine
	Cells  []cell  `json:"c"`
	Mark   string  `json:"m,omitempty"` // what it is accused of
	Levels []level `json:"l,omitempty"`
}

// cell is [column, text, flags]; flags: 1 a fault struck, 2 it says who did what another cell shows.
type cell [3]any

const (
	faultFlag = 1
	weakFlag  = 2
)

// level is [lane, truth, speed], each side [available, reserved, decisions] or null.
type level [3]any

// runData turns a timeline into what the scripts read.
func runData(name string, r Run) run {
	t := r.Timeline
	out := run{Name: name, Columns: t.Columns(), Speed: r.Outcome.Audit.SpeedRead, Ledger: len(r.Outcome.Audit.Lanes) > 0,
		Rows: make([]row, len(t.Rows))}
	at := map[string]int{}
	for i, c := range out.Columns {
		at[c] = i
	}
	lanes := map[any]int{}
	for i, k := range t.Lanes {
		lanes[k] = i
		out.Lanes = append(out.Lanes, timeline.LaneName(k))
	}
	for _, e := range slices.Backward(r.Accused.Evidence) { // the first that names one wins
		if i := slices.IndexFunc(t.Lanes, func(k model.LaneKey) bool { return k.SKU == e.Lane.SKU }); i >= 0 {
			out.Lane = i
		}
	}
	marks := t.Marks(r.Accused)
	for i := range t.Rows {
		from := &t.Rows[i]
		to := row{At: from.After.Microseconds(), Step: from.Step, Mark: marks[i]}
		for _, c := range from.Cells {
			column, shown := at[c.Column]
			if !shown {
				continue
			}
			flags := 0
			if c.Fault {
				flags |= faultFlag
			}
			if c.Weak {
				flags |= weakFlag
			}
			to.Cells = append(to.Cells, cell{column, c.Text, flags})
		}
		for _, l := range from.Levels {
			to.Levels = append(to.Levels, level{lanes[l.Lane], stock(l.Truth), stock(l.Speed)})
		}
		out.Rows[i] = to
	}
	return out
}

// stock is one side of a level, null where that side has nothing.
func stock(s timeline.Stock) any {
	if !s.Known {
		return nil
	}
	return [3]int64{s.Avail, s.Reserved, s.Seq}
}
