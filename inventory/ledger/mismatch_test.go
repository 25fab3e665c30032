package ledger_test

import (
	"fmt"
	"testing"

	"stockproof/inventory/port"
	"stockproof/model"
)

// An id that comes in a record with another body is a mismatch, before its decision, behind it, or in
// the same record: it is counted, the alarm says which command of which record, nothing of it is done,
// and the rest of its record goes on.
func TestAnIDWithAnotherBodyInARecordIsAMismatch(t *testing.T) {
	right, rest := restock("c", 5), restock("rest", 3)
	body := map[string]model.Command{"quantity": right, "place": right, "kind": about(model.Release, "c", "rest")}
	changed := body["quantity"]
	changed.Qty = 6
	body["quantity"] = changed
	changed = body["place"]
	changed.Loc = "shelf"
	body["place"] = changed
	for name, wrong := range body {
		for order, records := range map[string][][]model.Command{
			"before its decision":         {{wrong, rest}, {right}},
			"behind its decision":         {{right}, {wrong, rest}},
			"behind it in the record":     {{right, wrong, rest}},
			"before it in the record":     {{wrong, right, rest}},
			"three times, around it":      {{wrong, right, wrong, rest}, {wrong}},
			"together with a duplicate":   {{right}, {right, wrong, right, rest}},
			"alone, and it comes at last": {{wrong}, {wrong}, {rest}, {right}},
		} {
			for _, batches := range []string{"one batch", "each its own"} {
				t.Run(fmt.Sprint(name, " ", order, " in ", batches), func(t *testing.T) {
					h := accepted(t, right, rest)
					if batches == "each its own" {
						h.o.BatchMax = 1
					}
					mismatches, duplicates, seen := int64(0), int64(0), map[model.ID]bool{}
					var where []string
					for offset, cs := range records {
						h.send("A", record(cs...))
						for _, c := range cs {
							switch {
							case c == wrong:
								mismatches++
								where = append(where, fmt.Sprintf("command %s of %s[0]@%d ", c.ID, model.CommandTopic, offset))
							case seen[c.ID]:
								duplicates++
							default:
								seen[c.ID] = true
							}
						}
					}
					h.run("worker")
					h.until("all is settled", func() bool { return h.progress() == int64(len(records)) })
					h.until("all is reported", func() bool { return h.ear.count("settled") == 2 && h.ear.count("mismatch") >= mismatches })
					h.want("the right body", h.outcome(right.ID), "GRANTED 5")
					h.want("rest", h.outcome(rest.ID), "GRANTED 3")
					if n := h.ear.count("mismatch"); n != mismatches || h.ear.count("duplicate") != duplicates {
						t.Errorf("%d mismatches, %d duplicates, want %d and %d", n, h.ear.count("duplicate"), mismatches, duplicates)
					}
					for _, w := range where {
						if !h.ear.heard(w) {
							t.Errorf("no alarm names %q:\n%s", w, h.ear)
						}
					}
					if l := h.laneAt("A", "shelf"); l.Known() || l.Seq != 0 {
						t.Errorf("the wrong body did something: %+v", l)
					}
					h.wantLane("A", 8, 0)
					if letters := h.letters(); len(letters) != 0 {
						t.Errorf("letters %+v", letters)
					}
					h.booksAgree()
				})
			}
		}
	}
}

// What an attempt absorbed is told once it is committed, not once per attempt.
func TestWhatIsAbsorbedIsCountedOnce(t *testing.T) {
	right, wrong := restock("c", 5), restock("c", 6)
	h := accepted(t, right)
	refusals := 0
	h.meddle(&meddled{refuse: func(st port.Statement) error {
		if _, ok := st.(*port.DecideCommands); ok && refusals < 3 {
			refusals++
			return fmt.Errorf("lost: %w", port.ErrUnavailable)
		}
		return nil
	}}, "worker")
	h.send("A", record(right, right, wrong, restock("stranger", 1)))
	h.run("worker")
	h.until("it is settled", func() bool { return h.ear.count("dead-letter") > 0 })
	for _, name := range []string{"settled", "duplicate", "mismatch", "dead-letter"} {
		if n := h.ear.count(name); n != 1 || refusals != 3 {
			t.Errorf("%s %d, want 1 after %d refusals", name, n, refusals)
		}
	}
}
