package page_test

import (
	"strings"
	"testing"

	"stockproof/checks"
)

func TestAPageSaysWhatBrokeAndHowToSeeItAgain(t *testing.T) {
	text := written(t, pageOf(recorded(t, "token-expiry")))
	for _, want := range []string{"exactly-once-effect is broken", "deducted 2 times", ">violated<", "sim replay token-expiry.sched",
		"workload order=o1 sku=A qty=1", "evicted from its group", "Only this run is recorded", "&lt;- second deduction",
		"<b>lane A</b>, 2 operations: an order of them explains every answer"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestAPageComparesTheSmallestRunWithTheOriginal(t *testing.T) {
	text := written(t, shrunk(t))
	for _, want := range []string{
		`<li class="taken"><span class="fate">taken away</span> <code>workload order=o2 sku=B qty=2</code>`,
		`<li class="kept"><span class="fate">kept</span> <code>workload order=o1 sku=A qty=1</code>`,
		`<li class="put"><span class="fate">put in</span> <code>workload stock sku=A qty=2</code>`,
		`<li class="taken"><span class="fate">taken away</span> <code>fault advance-clock by=48h</code>`,
		`<li class="kept"><span class="fate">kept</span> <code>fault evict role=worker after=deduct</code>`,
		"5 entries of the original were taken away", "token-expiry.original.sched",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(text, "Only this run is recorded") {
		t.Error("and it says that there is no original")
	}
}

// A page says why guarantees broke, and which faults never struck.
func TestAPageSaysWhatOfARunCounts(t *testing.T) {
	r := recorded(t, "token-expiry")
	r.Outcome.Missing = []string{"evict role=nobody"}
	text := written(t, pageOf(r))
	for _, want := range []string{`<b>exactly-once-effect</b><span class="line">order o1: 1 units of`, "Never struck:", "evict role=nobody",
		`<b>linearizable</b> <span class="muted">not claimed by this design</span>`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	broken, held, unclaimed := strings.Index(text, "<b>exactly-once-effect</b>"), strings.Index(text, "<b>no-oversell</b>"), strings.Index(text, "<b>linearizable</b>")
	if broken > held || held > unclaimed {
		t.Errorf("broken, held and unclaimed guarantees stand at %d, %d, %d", broken, held, unclaimed)
	}
}

// The page begins with the lane that its verdict is about, and so does porcupine's panel.
func TestAPageIsAboutTheAccusedLane(t *testing.T) {
	r := ran(t, "two-lanes.sched", strings.Replace(strings.Replace(asFound, "order=o2 sku=B", "order=o2 sku=A", 1), "order=o1 sku=A", "order=o1 sku=B", 1))
	if r.Accused.Verdict != checks.Fail || r.Accused.Evidence[0].Lane.SKU != "B" {
		t.Fatalf("accused is %+v", r.Accused)
	}
	text := written(t, pageOf(r))
	for _, want := range []string{`"lanes":["A","B"],"lane":1`, "An order of lane B that explains every answer"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

// A page refers to nothing outside itself.
func TestAPageRefersToNothingOutside(t *testing.T) {
	text := written(t, shrunk(t))
	if !strings.Contains(text, `http-equiv="Content-Security-Policy" content="default-src 'none'; `) {
		t.Error("it does not tell the browser so")
	}
	for _, outside := range []string{"https://", "//cdn", "<link rel=\"stylesheet", "<script src", "@import", "url("} {
		if strings.Contains(text, outside) {
			t.Errorf("%q is in the page", outside)
		}
	}
	if n := strings.Count(text, "http://"); n != strings.Count(text, "http://www.w3.org/2000/svg") {
		t.Errorf("%d addresses of the network", n)
	}
}
