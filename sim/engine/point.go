package engine

import (
	"fmt"

	"stockproof/adapters/memory"
)

// Phase is what kind of point it is.
type Phase uint8

// The phases.
const (
	Start    Phase = iota // an actor was born and has done nothing yet
	Request               // it has sent a request, which has not arrived
	Inside                // a server works on its request, and others may come between
	Response              // the response is there, and the caller has not seen it
	Local                 // inside its process: a mailbox, a sleep, a wait for children
	Server                // a server's own work
)

var phaseNames = [...]string{"start", "request", "inside", "response", "local", "server"}

func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return fmt.Sprintf("PHASE(%d)", uint8(p))
}

// Point is a place at which an actor parked.
type Point struct {
	Actor *Actor
	Phase Phase
	Call  memory.Call // Start: none; Local: Op says what it waits for
	Fate  Fate        // Response: what became of the request
	Err   error       // Response: what the server answered
}

// String is for people: "worker-1/claims: request kafka fetch orders/0".
func (p Point) String() string {
	s := p.Actor.Name + ": " + p.Phase.String()
	for _, w := range [...]string{p.Call.Server, p.Call.Op, p.Call.Key} {
		if w != "" {
			s += " " + w
		}
	}
	if p.Fate != Delivered {
		s += " (" + p.Fate.String() + ")"
	}
	return s
}

// Fate is what becomes of a request.
type Fate uint8

// The fates.
const (
	Delivered    Fate = iota
	Lost              // it never arrives
	LostResponse      // the server does it, and the caller is never told
	Late              // the caller has its error; the request arrives at some later moment
	Delayed           // the server does it, and the caller is told after Options.Delay
)

var fateNames = [...]string{"delivered", "lost", "lost-response", "late", "delay"}

func (f Fate) String() string {
	if int(f) < len(fateNames) {
		return fateNames[f]
	}
	return fmt.Sprintf("FATE(%d)", uint8(f))
}
