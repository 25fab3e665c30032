package checks

import (
	"testing"

	"stockproof/model"
)

// reading is a run of clients that read lane "A" and are told decisions on it, by a clock of seconds.
type reading struct {
	events  []Event
	attempt uint64
}

func (r *reading) told(client int32, second int64, epoch, seq int64) {
	r.attempt++
	c := model.Command{ID: model.NameID("reading", "told"), Kind: model.Restock, SKU: "A", Loc: model.MainLocation, Qty: 1}
	r.events = append(r.events, Call{Attempt: r.attempt, Client: client, At: second * 1e6, Command: c},
		Return{Attempt: r.attempt, At: second * 1e6, Epoch: epoch,
			Decision: model.Decision{Outcome: model.Granted, Granted: 1, Seq: seq, Avail: seq}})
}

func (r *reading) read(client int32, second int64, epoch, seq, ageMS int64, truth bool) {
	r.events = append(r.events, Read{Client: client, Call: second * 1e6, At: second*1e6 + 100, Space: "inv", Lane: at("A"),
		Known: true, Epoch: epoch, Seq: seq, Avail: seq, AgeMS: ageMS, FromTruth: truth})
}

// install is of a request that left behind event since.
func (r *reading) install(space string, epoch, seq, code int64, since int) {
	r.events = append(r.events, Install{Space: space, Lane: at("A"), Epoch: epoch, Seq: seq, Code: code, Since: since})
}

func (r *reading) report() Report {
	h := History{Header: Header{Claims: []Guarantee{MonotoneReads}, Capability: LedgerRows}, Events: r.events}
	for _, report := range Check(h) {
		if report.Guarantee == MonotoneReads {
			return report
		}
	}
	return Report{}
}

// behind is a decision at second 1, what came between, and a view at second 9 that lacks it and says to be 3 s old.
func behind(reader int32, between ...Event) func(*reading) {
	return func(r *reading) {
		r.told(1, 1, 7, 5)
		r.events = append(r.events, between...)
		r.read(reader, 9, 7, 4, 3_000, false)
	}
}

func TestReadsAreMonotoneAndAsOldAsTheySay(t *testing.T) {
	for _, c := range []struct {
		name    string
		run     func(r *reading)
		verdict Verdict
		says    string
	}{
		{"forward", func(r *reading) {
			r.read(1, 1, 7, 3, 0, false)
			r.read(1, 2, 7, 4, 0, false)
			r.read(1, 3, 8, 4, 0, false)
		}, Pass, ""},
		{"a session goes back", func(r *reading) { r.read(1, 1, 7, 4, 0, false); r.read(1, 3, 7, 3, 0, false) }, Fail,
			`client 1 was shown "A" at (epoch 7, seq 3) after it had seen (epoch 7, seq 4) (severity 2 seconds)`},
		{"a session goes back on what it saw last", func(r *reading) {
			r.read(1, 1, 7, 3, 0, false)
			r.read(1, 2, 7, 5, 0, false)
			r.read(1, 3, 7, 4, 0, false)
		}, Fail, `client 1 was shown "A" at (epoch 7, seq 4) after it had seen (epoch 7, seq 5)`},
		{"a new epoch counts from where it likes", func(r *reading) { r.read(1, 1, 7, 4, 0, false); r.read(1, 3, 8, 1, 0, false) }, Pass, ""},
		{"an epoch goes back", func(r *reading) { r.read(1, 1, 8, 1, 0, false); r.read(1, 3, 7, 9, 0, false) }, Fail, "after it had seen"},
		{"two sessions", func(r *reading) { r.read(1, 1, 7, 4, 0, false); r.read(2, 3, 7, 3, 0, false) }, Pass, ""},
		{"behind its own decision", func(r *reading) { r.told(1, 1, 7, 5); r.read(1, 2, 7, 4, 60_000, false) }, Fail, "client 1 was shown"},
		{"behind somebody's decision, and says so", func(r *reading) { r.told(1, 1, 7, 5); r.read(2, 4, 7, 4, 3_000, false) }, Pass, ""},
		{"an understated age", behind(2), Fail,
			"said to be 3000 ms old; 4999 ms before that (epoch 7, seq 5) had been told (severity 5 seconds)"},
		{"an age that two clocks count", behind(2, Skew{AheadMS: 5_000}), Pass, ""},
		{"an age that is further off than the clocks", behind(2, Skew{AheadMS: 4_000}), Fail, "said to be 3000 ms old; 999 ms before that (epoch 7, seq 5) had been told"},
		{"a truth that lags, whatever its clock says", func(r *reading) {
			r.told(1, 1, 7, 5)
			r.events = append(r.events, Skew{AheadMS: 5_000})
			r.read(2, 2, 7, 4, 0, true)
		}, Fail, "from the truth"},
		{"an age behind a loss", behind(2, Lost{}), Pass, ""},
		{"an age behind a loss and what restored it", func(r *reading) {
			r.told(1, 1, 7, 5)
			r.events = append(r.events, Lost{})
			r.install("inv", 7, 5, 0, len(r.events)+1)
			r.told(3, 2, 7, 6)
			r.read(2, 9, 7, 4, 3_000, false)
		}, Fail, "said to be 3000 ms old; 3999 ms before that (epoch 7, seq 6) had been told"},
		{"a read that began before what restored its lane", behind(2, Lost{}, Install{Space: "inv", Lane: at("A"), Epoch: 7, Seq: 5, Since: 4}), Pass, ""},
		{"a session behind a loss", behind(1, Lost{}), Fail, "client 1 was shown"},
		{"rounded to milliseconds", func(r *reading) { r.told(1, 1, 7, 5); r.read(2, 4, 7, 4, 2_999, false) }, Pass, ""},
		{"an age that nobody knows", func(r *reading) { r.told(1, 1, 7, 5); r.read(2, 9, 7, 4, -1, false) }, Pass, ""},
		{"a truth that lags", func(r *reading) { r.told(1, 1, 7, 5); r.read(2, 2, 7, 4, 0, true) }, Fail, "from the truth"},
		{"a feed goes back", func(r *reading) {
			r.install("feed:web", 7, 5, 1, 0)
			r.install("feed:web", 7, 4, 2, 1)
		}, Fail, `feed:web went back: "A" installed at (epoch 7, seq 4) over (epoch 7, seq 5)`},
		{"a feed goes forward", func(r *reading) { r.install("feed:web", 7, 4, 1, 0); r.install("feed:web", 7, 5, 1, 1) }, Pass, ""},
		{"a feed goes back on its last", func(r *reading) {
			r.install("feed:web", 7, 4, 1, 0)
			r.install("feed:web", 7, 6, 1, 1)
			r.install("feed:web", 7, 5, 1, 2)
		}, Fail, `"A" installed at (epoch 7, seq 5) over (epoch 7, seq 6)`},
		{"each feed is its own", func(r *reading) {
			r.install("feed:web", 7, 5, 1, 0)
			r.install("feed:erp", 7, 4, 1, 1)
		}, Pass, ""},
		{"installs at one time, told in another order", func(r *reading) {
			r.install("feed:web", 7, 5, 1, 0)
			r.install("feed:web", 7, 4, 1, 0)
		}, Pass, ""},
		{"refused installs", func(r *reading) { r.install("feed:web", 7, 5, 1, 0); r.install("feed:web", 7, 4, 0, 1) }, Pass, ""},
		{"where nothing was", func(r *reading) { r.install("feed:web", 7, 5, 1, 0); r.install("feed:web", 7, 4, 3, 1) }, Pass, ""},
		{"a server that lost it", func(r *reading) {
			r.install("feed:web", 7, 5, 1, 0)
			r.events = append(r.events, Lost{})
			r.install("feed:web", 7, 4, 1, 2)
		}, Pass, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &reading{}
			c.run(r)
			got := r.report()
			if got.Verdict != c.verdict {
				t.Fatalf("%s: %s", got.Verdict, got.Why)
			}
			if c.verdict == Fail {
				wantFail(t, []Report{got}, MonotoneReads, -1, c.says, "offender", "witness")
			}
		})
	}
}

// The ring of what was told forgets every other place, and never makes one up: a long run of decisions, and a
// view that lacks all of them, is still found.
func TestTheRingOfPastPlacesIsBoundedAndStillSees(t *testing.T) {
	r := &reading{}
	for i := range int64(10 * ringMax) {
		r.told(1, i, 7, i+1)
	}
	r.read(2, 10*ringMax, 7, 10*ringMax, 0, false) // the newest
	if got := r.report(); got.Verdict != Pass {
		t.Fatalf("%s: %s", got.Verdict, got.Why)
	}
	r.read(3, 10*ringMax, 7, ringMax, 1_000, false)
	if got := r.report(); got.Verdict != Fail {
		t.Fatalf("%s: %s", got.Verdict, got.Why)
	}
	past := &pastPlaces{}
	for i := range int64(100_000) {
		past.add(seenPlace{place: place{7, i}, at: i})
	}
	if len(past.ring) > ringMax {
		t.Errorf("%d places are kept", len(past.ring))
	}
}

func TestWithoutPlacesReadsAreNotChecked(t *testing.T) {
	r := New(Header{Claims: []Guarantee{MonotoneReads}, Capability: StockAfter}).Finish(Audit{})
	got := reportOn(t, r, MonotoneReads)
	if got.Verdict != Undecided || !got.NotChecked {
		t.Errorf("%+v", got)
	}
}
