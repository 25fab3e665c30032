package checks

import (
	"testing"

	"stockproof/model"
)

// A record has its fate, or a letter, or is of a topic whose fates nobody recorded.
func TestRecordsOfWhichSomethingBecameAreNotLost(t *testing.T) {
	w := newWorld()
	w.send(w.restock("in", "A", 5))
	h := w.history()
	record := func(topic string, offset int64) Record { return Record{Topic: topic, Part: 3, Offset: offset} }
	for _, d := range []Delivery{{Record: record("c", 1), Fate: Fetched}, {Record: record("c", 1), Fate: Applied},
		{Record: record("c", 2), Fate: Fetched}, {Record: record("c", 2), Fate: Fetched}, {Record: record("c", 2), Fate: Absorbed},
		{Record: record("c", 3), Fate: Fetched}, {Record: record("unrecorded", 1), Fate: Fetched}} {
		h.Events = append(h.Events, d)
	}
	h.Audit.Dead = []DeadLetter{{Record: record("c", 3), Class: "contract"}}
	if r := reportOn(t, Check(h), NoLoss); r.Verdict != Pass {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
	h.Audit.Dead = nil
	wantFail(t, Check(h), NoLoss, 0, "record c[3]@3 was received and nothing became of it (severity 0 units)")
}

func TestADeadLetterAnswersForItsCommandUntilItIsRedriven(t *testing.T) {
	w := sample()
	h := w.history()
	d := damage{w, &h}
	d.commandOf("reserve o3").Decision = model.Decision{}
	h.Audit.Dead = []DeadLetter{{Command: w.id("reserve o3"), Class: "contract"}}
	if r := reportOn(t, Check(h), NoLoss); r.Verdict != Pass {
		t.Fatalf("dead letter: %s", r.Why)
	}
	h.Audit.Dead[0].Redriven = true
	wantFail(t, Check(h), NoLoss, 5, "o3")
}

// A dead letter is for what cannot be read or breaks the contract, for what a failover lost, and for what waits behind such
// a one. What stock or a server had to say is no reason, and neither is none.
func TestADeadLetterOfAnotherClassAnswersForNothing(t *testing.T) {
	w := sample()
	h := w.history()
	damage{w, &h}.commandOf("reserve o3").Decision = model.Decision{}
	for class, fine := range map[string]bool{"undecodable": true, "contract": true, "void": true, "parked": true,
		"rejected": false, "unavailable": false, "timeout": false, "": false} {
		h.Audit.Dead = []DeadLetter{{Command: w.id("reserve o3"), Class: class, Parks: w.id("reserve o3")}}
		if !fine {
			wantFail(t, Check(h), NoLoss, 5, "o3", "was accepted and never decided")
		} else if r := reportOn(t, Check(h), NoLoss); r.Verdict != Pass {
			t.Errorf("class %q: %s", class, r.Why)
		}
	}
}

// A cancellation whose own record was lost waits behind the letter of its order, as one that arrived does: the
// sweeper leaves alone what an open letter parks. A closed letter parks nothing.
func TestWhatIsParkedBehindADeadLetterIsNotLost(t *testing.T) {
	w := sample()
	h := w.history()
	damage{w, &h}.commandOf("cancel o2").Decision = model.Decision{}
	h.Audit.Dead = []DeadLetter{{Command: w.id("reserve o2"), Class: "contract", Parks: w.id("reserve o2")}, {Class: "undecodable"}}
	if r := reportOn(t, Check(h), NoLoss); r.Verdict != Pass {
		t.Fatalf("parked: %s", r.Why)
	}
	h.Audit.Dead[0].Parks = model.ID{}
	wantFail(t, Check(h), NoLoss, 0, "RELEASE", "was accepted and never decided")
	h.Audit.Dead[0] = DeadLetter{Command: w.id("reserve o3"), Class: "contract", Parks: w.id("reserve o3")}
	wantFail(t, Check(h), NoLoss, 0, "RELEASE", "was accepted and never decided")
}

// The other way round: a cancellation is a dead letter, so that its chain waits, and the order whose record was
// lost with it is not sent again either.
func TestWhatWaitsBehindTheLetterOfItsCancellationIsNotLost(t *testing.T) {
	w := sample()
	h := w.history()
	damage{w, &h}.commandOf("reserve o3").Decision = model.Decision{}
	h.Audit.Dead = []DeadLetter{{Command: w.id("cancel o3"), Class: "contract", Parks: w.id("reserve o3")}}
	if r := reportOn(t, Check(h), NoLoss); r.Verdict != Pass {
		t.Fatalf("parked: %s", r.Why)
	}
	h.Audit.Dead[0].Parks = model.ID{}
	wantFail(t, Check(h), NoLoss, 5, "o3", "was accepted and never decided")
}
