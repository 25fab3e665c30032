package checks

import (
	"fmt"
	"math"

	"stockproof/model"
)

// monotoneReads: what is shown never goes back, and is as old as it says and not older.
//
//   - A session, one reader and one lane, is never shown a place (epoch, seq) behind one that it was shown
//     or told as its own decision.
//   - The reported age is never understated: whatever any client had been told when the view was that old
//     is in it. What comes from the truth has age 0. Where it is known how far the truth's clock went ahead of the
//     readers' ([Skew]), an age may be short by that: two clocks count it, and their difference is part of it. Where a
//     server lost what it had been told ([Lost]), a lane may have gone back and a heartbeat not: of its age nothing is
//     said until it was installed anew.
//   - A read model, the speed layer's or a channel's, is what its subscribers see: an install that found
//     something there and went through is newer than every install whose answer was there before it left.
//     Where a server lost what it had been told, its clock started anew: nothing is said of it any more.
//
// The bound of the staleness is convergence's to judge, once faults have stopped.
//
// State: a place a session and lane, and a bounded ring of places a lane ([pastPlaces]).
type monotoneReads struct {
	header   *Header
	now      int64 // of the clients' clock, as far as it is known
	clients  map[uint64]sessionCall
	sessions map[sessionLane]seenPlace
	told     map[model.LaneKey]*pastPlaces
	models   map[shownKey]seenPlace
	lost     bool
	lostAt   int                // the event that said so last
	restored map[shownKey]int64 // when a lane was installed again behind it, at the latest;
	pending  []shownKey         // or before the next time that is known
	skew     int64              // how far the truth's clock may be ahead of a reader's, milliseconds
	findings
}

// place is a lane's version as readers see it.
type place struct{ epoch, seq int64 }

func (p place) behind(q place) bool {
	return p.epoch < q.epoch || p.epoch == q.epoch && p.seq < q.seq
}

func (p place) String() string { return fmt.Sprintf("(epoch %d, seq %d)", p.epoch, p.seq) }

// seenPlace is a place with where it was seen.
type seenPlace struct {
	place
	event int
	at    int64
	avail int64
	own   bool // a decision, not a read
}

type sessionCall struct {
	client int32
	lane   model.LaneKey
}

type sessionLane struct {
	client int32
	space  string
	lane   model.LaneKey
}

func newMonotoneReads(h *Header) *monotoneReads {
	return &monotoneReads{header: h, clients: map[uint64]sessionCall{}, sessions: map[sessionLane]seenPlace{},
		told: map[model.LaneKey]*pastPlaces{}, models: map[shownKey]seenPlace{}, restored: map[shownKey]int64{},
		findings: findings{unit: Seconds}}
}

func (c *monotoneReads) Observe(index int, e Event) {
	switch e := e.(type) {
	case Call:
		c.tick(e.At)
		c.clients[e.Attempt] = sessionCall{e.Client, e.Command.Lane()}
	case Unknown:
		c.tick(e.At)
	case Return:
		c.answered(index, e)
	case Read:
		c.tick(e.At)
		if e.Known && e.Seq > 0 {
			c.read(index, e)
		}
	case Install:
		c.install(index, e)
	case Lost:
		c.lost, c.lostAt = true, index
		clear(c.restored)
		c.pending = c.pending[:0]
	case Skew:
		c.skew += max(0, e.AheadMS)
	}
}

// tick: the clients' clock shows at.
func (c *monotoneReads) tick(at int64) {
	c.now = max(c.now, at)
	for _, key := range c.pending {
		c.restored[key] = c.now
	}
	c.pending = c.pending[:0]
}

// answered: a decision is a place that its session has seen, and that every view of some age must have.
func (c *monotoneReads) answered(index int, e Return) {
	c.tick(e.At)
	call, ok := c.clients[e.Attempt]
	if e.Decision.Decided() || e.Refused != "" {
		delete(c.clients, e.Attempt)
	}
	if !ok || e.Decision.Seq == 0 || e.Epoch == 0 {
		return
	}
	seen := seenPlace{place{e.Epoch, e.Decision.Seq}, index, e.At, e.Decision.Avail, true}
	c.saw(sessionLane{call.client, "", call.lane}, seen)
	past := c.told[call.lane]
	if past == nil {
		past = &pastPlaces{}
		c.told[call.lane] = past
	}
	past.add(seen)
}

func (c *monotoneReads) saw(s sessionLane, seen seenPlace) {
	if last, ok := c.sessions[s]; !ok || last.behind(seen.place) {
		c.sessions[s] = seen
	}
}

func (c *monotoneReads) read(index int, e Read) {
	shown := seenPlace{place{e.Epoch, e.Seq}, index, e.At, e.Avail, false}
	for _, space := range []string{"", e.Space} { // its own decisions, and what it read there
		if last, ok := c.sessions[sessionLane{e.Client, space, e.Lane}]; ok && shown.behind(last.place) {
			c.add(seconds(e.At-last.at), fmt.Sprintf("client %d was shown %s at %s after it had seen %s", e.Client,
				laneName(e.Lane), shown.place, last.place), c.readEvidence(Offender, index, e), c.seenEvidence(e.Lane, last))
			break
		}
	}
	c.saw(sessionLane{e.Client, e.Space, e.Lane}, shown)
	if e.AgeMS < 0 {
		return // the design cannot tell
	}
	if at, ok := c.restored[shownKey{e.Space, e.Lane}]; c.lost && !e.FromTruth && (!ok || e.Call <= at) {
		return // a server may have lost what was installed, and kept what vouched for it
	}
	// Both ends of an age are whole milliseconds: it may be one short of the truth. An epoch's first
	// states may stand behind the last ones of the epoch before; only within one are seqs compared.
	then := e.Call - 1000*(e.AgeMS+c.skew) - 1000
	if e.FromTruth {
		then = e.Call
	}
	if past := c.told[e.Lane]; past != nil {
		if had := past.before(then); had.epoch == e.Epoch && shown.behind(had.place) {
			c.add(seconds(then-had.at), fmt.Sprintf("client %d was shown %s at %s, said to be %d ms old; %d ms before that %s "+
				"had been told", e.Client, laneName(e.Lane), shown.place, e.AgeMS, (then-had.at)/1000, had.place),
				c.readEvidence(Offender, index, e), c.seenEvidence(e.Lane, had))
		}
	}
}

// install judges what replaced something by compare-and-set: codes 1 and 2. Behind code 3 there was
// nothing, behind 4 nothing readable, and the clock of that read model starts anew.
func (c *monotoneReads) install(index int, e Install) {
	key, now := shownKey{e.Space, e.Lane}, seenPlace{place{e.Epoch, e.Seq}, index, c.now, e.Avail, false}
	if _, ok := c.restored[key]; c.lost && !ok && e.Since >= c.lostAt {
		c.restored[key] = math.MaxInt64
		c.pending = append(c.pending, key)
	}
	if e.Code < 1 {
		return
	}
	last, ok := c.models[key]
	switch {
	case !ok || e.Code > 2 || last.behind(now.place):
		c.models[key] = now
	case !c.lost && e.Since >= last.event && now.place != last.place:
		c.add(seconds(c.now-last.at), fmt.Sprintf("%s went back: %s installed at %s over %s", e.Space, laneName(e.Lane),
			now.place, last.place), Evidence{Role: Offender, Event: index, Lane: e.Lane, Seq: e.Seq, Units: e.Avail,
			Text: fmt.Sprintf("install of %s in %s: %d units at %s", laneName(e.Lane), e.Space, e.Avail, now.place)},
			c.seenEvidence(e.Lane, last))
	}
}

func (c *monotoneReads) readEvidence(role Role, index int, e Read) Evidence {
	from := e.Space
	if e.FromTruth {
		from = "the truth"
	}
	return Evidence{Role: role, Event: index, Lane: e.Lane, Seq: e.Seq, Units: e.Avail, Text: fmt.Sprintf(
		"client %d read %d units of %s at (epoch %d, seq %d) from %s, age %d ms", e.Client, e.Avail, laneName(e.Lane),
		e.Epoch, e.Seq, from, e.AgeMS)}
}

func (c *monotoneReads) seenEvidence(lane model.LaneKey, s seenPlace) Evidence {
	what := "shown"
	if s.own {
		what = "told as decided"
	}
	return Evidence{Role: Witness, Event: s.event, Lane: lane, Seq: s.seq, Units: s.avail, Text: fmt.Sprintf(
		"%s was %s with %d units at %s, %d us earlier", laneName(lane), what, s.avail, s.place, c.now-s.at)}
}

// found counts what is known so far ([Suite.Found]).
func (c *monotoneReads) found() int { return c.n }

func (c *monotoneReads) Finish(Audit) Report {
	if c.header.Capability != LedgerRows {
		return notChecked(MonotoneReads, "what is shown has no place in the lane's order")
	}
	return c.report(MonotoneReads)
}

// seconds rounds up: less than one is still too late.
func seconds(micros int64) int64 { return max(0, (micros+999_999)/1_000_000) }

// pastPlaces are the newest places by time, a ring of at most ringMax: when it is full every other one is
// forgotten, which can hide a violation of that one place and never make one up.
type pastPlaces struct{ ring []seenPlace }

const ringMax = 512

// add takes what is newer than all before; the rest says nothing.
func (p *pastPlaces) add(s seenPlace) {
	if n := len(p.ring); n > 0 && !p.ring[n-1].behind(s.place) {
		return
	}
	if len(p.ring) == ringMax {
		for i := range ringMax / 2 {
			p.ring[i] = p.ring[2*i+1]
		}
		p.ring = p.ring[:ringMax/2]
	}
	p.ring = append(p.ring, s)
}

// before is the newest place that was known before a time; a zero one if there was none.
func (p *pastPlaces) before(at int64) seenPlace {
	lo, hi := 0, len(p.ring)
	for lo < hi {
		if m := (lo + hi) / 2; p.ring[m].at < at {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo == 0 {
		return seenPlace{at: math.MinInt64}
	}
	return p.ring[lo-1]
}
