package engine_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"stockproof/inventory/port"
	"stockproof/sim/engine"
)

// misbehaviour is production code that no engine can go on with, by name; it runs in a process of its own.
var misbehaviour = map[string]func(w *world, rt port.Runtime){
	"blocks": func(*world, port.Runtime) {
		<-make(chan int) // the line that the watchdog names
	},
	"spins": func(*world, port.Runtime) {
		for n := 0; n >= 0; n = (n + 1) % 1000 { // the line that the watchdog names
		}
	},
	"calls aside": func(w *world, rt port.Runtime) {
		go func() {
			_ = w.note("aside") // the foreign call
		}()
		time.Sleep(time.Hour)
	},
	"calls aside while others run": func(w *world, rt port.Runtime) {
		called := make(chan bool)
		go func() {
			defer func() { _ = recover() }() // it does not help
			called <- true
			_ = rt.Sleep(context.Background(), time.Second) // the foreign call
		}()
		<-called
		for range 1_000_000 {
			_ = w.note("main")
		}
	},
	"calls aside while nobody runs": func(w *world, rt port.Runtime) {
		w.At(time.Millisecond, "a server's own work", func() {
			go func() {
				_ = w.note("aside") // the foreign call
			}()
			time.Sleep(time.Hour)
		})
		_ = rt.Sleep(context.Background(), time.Second)
	},
	"offers aside": func(w *world, rt port.Runtime) {
		box := rt.Mailbox(1)
		go func() {
			box.Offer(1) // the foreign call
		}()
		time.Sleep(time.Hour)
	},
}

const misbehaving = "STOCKPROOF_MISBEHAVIOUR"

func TestMain(m *testing.M) {
	if do := misbehaviour[os.Getenv(misbehaving)]; do != nil {
		w := &world{Engine: engine.New(engine.Options{Patience: 300 * time.Millisecond})}
		w.begin("culprit", func(rt port.Runtime) { do(w, rt) })
		w.run()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// line is where the marked line of a misbehaviour is: "abort_test.go:23".
func line(t *testing.T, name, mark string) string {
	text, err := os.ReadFile("abort_test.go")
	if err != nil {
		t.Fatal(err)
	}
	within := false
	for i, l := range strings.Split(string(text), "\n") {
		within = within || strings.Contains(l, `"`+name+`": func`)
		if within && strings.HasSuffix(l, "// "+mark) {
			return fmt.Sprint("abort_test.go:", i+1)
		}
	}
	t.Fatalf("%s has no line with %q", name, mark)
	return ""
}

// Both guards end the program: nothing can take control from code that does not come back, and a run in which
// somebody else took part cannot be repeated. The message names the file and the line.
func TestWhatTheEngineCannotScheduleEndsTheProgram(t *testing.T) {
	for _, c := range []struct{ name, mark, says string }{
		{"blocks", "the line that the watchdog names", "an actor has not come back for 300ms"},
		{"spins", "the line that the watchdog names", "an actor has not come back for 300ms"},
		{"calls aside", "the foreign call", "aside is called by a goroutine that is no actor"},
		{"calls aside while others run", "the foreign call", "Sleep is called by a goroutine that is no actor"},
		{"calls aside while nobody runs", "the foreign call", "aside is called by a goroutine that is no actor"},
		{"offers aside", "the foreign call", "Offer is called by a goroutine that is no actor"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), misbehaving+"="+c.name)
			out, err := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != 70 {
				t.Errorf("exit code %d (%v), want 70", code, err)
			}
			text := string(out)
			if where := line(t, c.name, c.mark); !strings.Contains(text, c.says) || !strings.Contains(text, where) {
				t.Errorf("it does not say %q and %q:\n%.3000s", c.says, where, text)
			}
		})
	}
}
