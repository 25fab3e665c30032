package sim

import (
	"stockproof/model"
	"stockproof/sim/engine"
)

// Drawing takes a run down while it happens, as package timeline does. It changes nothing.
type Drawing interface {
	// Step takes down what the step that ended at a point did.
	Step(at engine.Point)
	// Settled takes down what faults did behind a step.
	Settled()
	// Rest takes down what the servers hold when everything has come to rest.
	Rest()
}

// Draw lets a drawing follow a simulation that has not run yet. What is drawn may be the operations too, so that
// the checkers keep them.
func (s *Simulation) Draw(d Drawing) {
	s.suite.Remember()
	s.drawing = d
}

// Config is what is simulated.
func (s *Simulation) Config() *SimulationConfig { return &s.c }

// Begun reports whether the initial stock is in and the clients are at work.
func (s *Simulation) Begun() bool { return s.open }

// Names are what people call orders and commands. Whoever asks leaves them as they are.
func (s *Simulation) Names() map[model.ID]string { return s.names }

// Instances are the processes of roles, in the order in which they were started first.
func (s *Simulation) Instances() []*Instance { return s.instances }

// Struck are the faults that have struck so far, and what each did.
func (s *Simulation) Struck() (fs []Fault, receipts []string) {
	return s.plan.faults[:len(s.plan.receipts)], s.plan.receipts
}
