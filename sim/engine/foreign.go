package engine

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"unsafe"
)

// home is a goroutine, so that a port can tell who calls it: the engine hands control to one at a time, and
// a goroutine that production code started by itself belongs to none of them. It would become the actor that
// happens to run, or change the servers while another one does: nothing of such a run could be repeated.
//
// Its number costs microseconds to read, more than a step takes. So it is read only where the caller's stack is
// not where this goroutine's was. Stacks move: when the collector shrinks one, which is while nobody runs on it
// (follow), and when one grows.
type home struct {
	id        uint64
	low, high uintptr // the stack's addresses, as far as they are known
}

// stackNear is how far around a known address of a stack that has moved the rest of it is taken to be.
const stackNear = 4 << 10

// stackWhole is how much of a stack may be known at most.
const stackWhole = 32 << 10

// settle makes the calling goroutine the one, whose stack deepen has made room on.
func (h *home) settle() {
	var here byte
	at := addressOf(&here)
	*h = home{id: goroutine(), low: at - stackKept, high: at + 1<<10}
}

// follow is called by the goroutine when it runs again, with where something on its stack was before and is now.
func (h *home) follow(before, now uintptr) {
	h.low, h.high = h.low+now-before, h.high+now-before
}

// addressOf is where something on the stack is. It says so of now, and does not keep it from moving.
func addressOf(b *byte) uintptr { return uintptr(unsafe.Pointer(b)) }

// near reports whether the caller's stack is where the goroutine's is. The zero value is nowhere.
func (h *home) near() bool {
	var here byte
	return addressOf(&here)-h.low <= h.high-h.low
}

// holds reports whether the calling goroutine is the one.
func (h *home) holds() bool {
	if h.near() {
		return true
	}
	if goroutine() != h.id {
		return false
	}
	var here byte
	at := addressOf(&here)
	low, high := at-stackNear, at+stackNear
	if low <= h.high && h.low <= high && max(high, h.high)-min(low, h.low) <= stackWhole {
		low, high = min(low, h.low), max(high, h.high) // it has not moved: more of it is known now
	}
	h.low, h.high = low, high
	return true
}

// goroutine is the number of the calling goroutine, as stack traces print it.
func goroutine() uint64 {
	var room [64]byte
	words := bytes.Fields(room[:runtime.Stack(room[:], false)]) // "goroutine 7 [running]:"
	if len(words) < 2 {
		return 0
	}
	id, _ := strconv.ParseUint(string(words[1]), 10, 64) // 0 is nobody's
	return id
}

// caller is the actor that runs now; nil: none does, and the engine's own goroutine or whoever stands outside
// of a run asks. Anybody else ends the program.
func (e *Engine) caller(what string) *Actor {
	a := e.current
	switch {
	case e.alone:
	case a != nil && a.co != nil:
		if !a.co.home.holds() {
			foreign(what)
		}
	case a == nil && e.running:
		if !e.home.holds() {
			foreign(what)
		}
	}
	return a
}

// foreign ends the program: the run it disturbed cannot be trusted any more, and a panic on that goroutine could
// be recovered.
func foreign(what string) {
	stack := make([]byte, 64<<10)
	stack = stack[:runtime.Stack(stack, false)]
	abort(fmt.Sprintf("engine: %s is called by a goroutine that is no actor: production code that wants something "+
		"done side by side asks its Runtime for a Group\n%s", what, stack))
}

// abort says why and ends the program: 70 is EX_SOFTWARE, an internal error.
func abort(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(70)
}
