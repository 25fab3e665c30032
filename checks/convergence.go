package checks

import (
	"fmt"
	"slices"

	"stockproof/model"
)

// convergence: the design comes to rest, and then every lane of the truth is in the speed layer and in every
// feed, with the same units and the same place (epoch, seq), and nothing else is. Missing is not zero. Where
// the truth has no lanes only the units are compared.
type convergence struct {
	header   *Header
	installs map[shownKey]install // the latest that changed something
}

type shownKey struct {
	space string
	lane  model.LaneKey
}

type install struct {
	Install
	event int
}

func (c *convergence) Observe(index int, e Event) {
	i, ok := e.(Install)
	if !ok || i.Code < 1 {
		return
	}
	if c.installs == nil {
		c.installs = map[shownKey]install{}
	}
	c.installs[shownKey{i.Space, i.Lane}] = install{i, index}
}

func (c *convergence) Finish(a Audit) Report {
	if !a.SpeedRead {
		return notChecked(Convergence, "the speed layer was not read at the end")
	}
	var f findings
	if a.Restless {
		f.add(0, "it never comes to rest: nobody asks for anything, and its processes make work for each other")
	}
	c.differences(&f, &a)
	return f.report(Convergence)
}

// differences are what read models show otherwise than the truth.
func (c *convergence) differences(f *findings, a *Audit) {
	if !a.SpeedRead {
		return
	}
	truth := truths(a)
	c.compare(f, truth, "speed", a.Speed)
	for _, feed := range a.Feeds {
		c.compare(f, truth, "feed "+feed.Channel, feed.Rows)
	}
}

// truths is what should be shown, in lane order.
func truths(a *Audit) []Shown {
	var truth []Shown
	for _, l := range a.Lanes {
		if l.Known() {
			truth = append(truth, Shown{Lane: l.Key, Found: true, Epoch: l.Epoch, Seq: l.Seq, Avail: l.Avail()})
		}
	}
	for _, s := range a.Stock {
		lane := model.LaneKey{SKU: s.SKU, Loc: model.MainLocation}
		truth = append(truth, Shown{Lane: lane, Found: true, Avail: s.Stock})
	}
	slices.SortFunc(truth, func(x, y Shown) int { return x.Lane.Compare(y.Lane) })
	return truth
}

func (c *convergence) compare(f *findings, truth []Shown, where string, rows []Shown) {
	shown := map[model.LaneKey]Shown{}
	for _, r := range rows {
		if r.Found {
			shown[r.Lane] = r
		}
	}
	for _, t := range truth {
		s, ok := shown[t.Lane]
		delete(shown, t.Lane)
		evidence := func() []Evidence {
			return []Evidence{shownEvidence(Offender, where, s), shownEvidence(Witness, "truth", t)}
		}
		switch {
		case !ok:
			f.add(t.Avail, fmt.Sprintf("%s does not have %s; truth has %d units", where, laneName(t.Lane),
				t.Avail), evidence()[1])
		case s.Avail != t.Avail:
			f.add(s.Avail-t.Avail, fmt.Sprintf("%s shows %d units of %s, truth has %d", where, s.Avail,
				laneName(t.Lane), t.Avail), append(evidence(), c.latest(t.Lane)...)...)
		case s.Epoch != t.Epoch || s.Seq != t.Seq:
			f.add(0, fmt.Sprintf("%s has %s at (epoch %d, seq %d), truth is at (%d, %d)", where,
				laneName(t.Lane), s.Epoch, s.Seq, t.Epoch, t.Seq), append(evidence(), c.latest(t.Lane)...)...)
		}
	}
	for _, r := range rows {
		if s, extra := shown[r.Lane]; extra {
			delete(shown, r.Lane)
			f.add(s.Avail, fmt.Sprintf("%s has %d units of %s, which truth does not have", where, s.Avail,
				laneName(s.Lane)), shownEvidence(Offender, where, s))
		}
	}
}

// latest are the last installs of a lane, in any read model.
func (c *convergence) latest(lane model.LaneKey) []Evidence {
	var last []install
	for key, i := range c.installs {
		if key.lane == lane {
			last = append(last, i)
		}
	}
	slices.SortFunc(last, func(x, y install) int { return x.event - y.event })
	var evidence []Evidence
	for _, i := range last {
		evidence = append(evidence, Evidence{Role: Witness, Event: i.event, Lane: lane, Seq: i.Seq,
			Units: i.Avail, Text: fmt.Sprintf("the last install of %s in %s: %d units at (epoch %d, seq %d)",
				laneName(lane), i.Space, i.Avail, i.Epoch, i.Seq)})
	}
	return evidence
}

func shownEvidence(role Role, where string, s Shown) Evidence {
	return Evidence{Role: role, Lane: s.Lane, Seq: s.Seq, Units: s.Avail, Text: fmt.Sprintf(
		"%s has %d units of %s at (epoch %d, seq %d)", where, s.Avail, laneName(s.Lane), s.Epoch, s.Seq)}
}
