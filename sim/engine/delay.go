package engine

// DeliverDelayed lets the responses arrive that are under way for longer than usual: the network is as it
// should be again. What a server has yet to answer arrives as usual, too. Call it between two steps.
func (e *Engine) DeliverDelayed() {
	e.healed++
	for _, a := range e.actors {
		if p := &a.point; p.Phase == Response && p.Fate == Delayed {
			a.wait.deadline = min(a.wait.deadline, max(e.now, 1))
		}
	}
}
