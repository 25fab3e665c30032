package engine

import (
	"fmt"
	"strings"
)

// Deviation is one decision that was not the usual one: when Actor had parked at a point for the Nth time,
// Run ran next. A schedule is its deviations. They are keyed by what an actor was doing, not by how many
// steps had been taken, so that a change elsewhere in the program moves none of them.
type Deviation struct {
	Actor string // whose step had just ended
	Point string // where: phase, server, operation, key
	Nth   int    // from 1: how often that had been seen, since the schedule began
	Run   string // who ran instead of the usual one
	Line  int    // in the file that it comes from
}

// String is for people, and for messages about drift.
func (d Deviation) String() string {
	return fmt.Sprintf("run %s when %s is at %q for the %d. time", d.Run, d.Actor, d.Point, d.Nth)
}

// place is the key of a point.
func place(p *Point) string {
	words := []string{p.Phase.String()}
	for _, w := range [...]string{p.Call.Server, p.Call.Op, p.Call.Key} {
		if w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}

// spot is an actor at a point.
type spot struct{ actor, point string }

func (c *counted) at(p *Point) (spot, int) {
	s := spot{point: place(p)}
	if p.Actor != nil {
		s.actor = p.Actor.Name
	}
	if c.times == nil {
		c.times = map[spot]int{}
	}
	c.times[s]++
	return s, c.times[s]
}

// counted is how often each spot was seen. The zero value has seen none.
type counted struct{ times map[spot]int }

// Recorder writes down where another chooser leaves the usual way.
type Recorder struct {
	Chooser    Chooser // nil: it never does
	Deviations []Deviation

	seen counted
}

// Next implements [Chooser].
func (r *Recorder) Next(last Point, ready []*Actor, usual int) int {
	s, n := r.seen.at(&last)
	if r.Chooser == nil {
		return usual
	}
	i := r.Chooser.Next(last, ready, usual)
	if i != usual {
		r.Deviations = append(r.Deviations, Deviation{Actor: s.actor, Point: s.point, Nth: n, Run: ready[i].Name})
	}
	return i
}

// Replayer follows deviations and goes the usual way everywhere else.
type Replayer struct {
	deviations map[spot][]int // indexes into all
	all        []Deviation
	taken      []bool
	seen       counted
}

// Replay makes a chooser that follows deviations.
func Replay(ds []Deviation) *Replayer {
	r := &Replayer{deviations: map[spot][]int{}, all: ds, taken: make([]bool, len(ds))}
	for i, d := range ds {
		s := spot{d.Actor, d.Point}
		r.deviations[s] = append(r.deviations[s], i)
	}
	return r
}

// Next implements [Chooser].
func (r *Replayer) Next(last Point, ready []*Actor, usual int) int {
	s, n := r.seen.at(&last)
	for _, i := range r.deviations[s] {
		if r.all[i].Nth != n {
			continue
		}
		for j, a := range ready {
			if a.Name == r.all[i].Run {
				r.taken[i] = true
				return j
			}
		}
	}
	return usual
}

// Drift is the deviations that found no place: the actor never came to the point, or the other one could
// not run then.
func (r *Replayer) Drift() (ds []Deviation) {
	for i, ok := range r.taken {
		if !ok {
			ds = append(ds, r.all[i])
		}
	}
	return ds
}

// Alternatives follows another chooser and notes what else could have been chosen.
type Alternatives struct {
	Chooser Chooser
	All     []Deviation

	seen counted
}

// Next implements [Chooser].
func (a *Alternatives) Next(last Point, ready []*Actor, usual int) int {
	s, n := a.seen.at(&last)
	i := a.Chooser.Next(last, ready, usual)
	for j := range ready {
		if j != i && j != usual {
			a.All = append(a.All, Deviation{Actor: s.actor, Point: s.point, Nth: n, Run: ready[j].Name})
		}
	}
	return i
}
