package observe

import (
	"context"
	"testing"
	"time"

	"stockproof/checks"
)

// A strike that nobody waits for any more kills nobody; one that has begun is waited for.
func TestAStrikeIsDisarmedWithItsRun(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	at := Point{Name: "offset-commit"}

	w := NewWatch(checks.New(checks.Header{}), time.Now)
	late := &Strike{Role: "worker", Point: at.Name, Nth: 1}
	w.Arm(late)
	if name, struck := w.Await(over, late); struck {
		t.Errorf("%s died of a strike that had no time left", name)
	}
	if w.Passed("worker", "worker-1", at) { // would stand there for ever
		t.Error("a disarmed strike kills")
	}

	begun := &Strike{Role: "worker", Point: at.Name, Nth: 1}
	w.Arm(begun)
	died := make(chan bool, 1)
	if s := w.reached("worker", at); s != begun { // the first half of Passed
		t.Fatal("the strike is not reached")
	}
	go func() {
		begun.struck <- "worker-1"
		<-begun.resume
		died <- true
	}()
	if name, struck := w.Await(over, begun); !struck || name != "worker-1" {
		t.Errorf("who was dying is %q, %v", name, struck)
	}
	begun.Resume()
	<-died
}
