package postgres

import "time"

// CrashRestart is an immediate stop and a start. Every connection ends and what was open is rolled
// back; a COMMIT that was in the log happens, though nobody is told. A slot is where it was at the last
// checkpoint, so its reader gets again what it has confirmed since. Ids of bigserial columns that were
// logged ahead are skipped.
func (p *Server) CrashRestart() {
	p.gate.Local(func() {
		p.disconnect(func(*transaction) bool { return true })
		ids := p.journal.end().ids
		p.article.ids.last, p.article.ids.logged = ids[0], ids[0]
		p.dualwrite.ids.last, p.dualwrite.ids.logged = ids[1], ids[1]
		for _, s := range p.slots {
			s.connected, s.confirmed = nil, 0
		}
	})
}

// Checkpoint makes the confirmed positions of all slots survive a crash.
func (p *Server) Checkpoint() { p.gate.Local(p.checkpoint) }

func (p *Server) checkpoint() {
	p.confirms = 0
	for _, s := range p.slots {
		n := s.confirmed
		clear(s.queue[:n])
		s.queue, s.confirmed = s.queue[n:], 0
		if s.connected != nil {
			s.connected.commit -= n
		}
	}
}

// AdvanceClock moves the server's clock against the gate's, back too.
func (p *Server) AdvanceClock(d time.Duration) {
	p.gate.Local(func() { p.options.ClockOffsetMS += d.Milliseconds() })
}

// sequence hands out ids. They are not rolled back, and the log is ahead of them: one record covers
// many, so that a crash or a failover skips ids rather than repeat them, unless the record is lost too.
type sequence struct{ last, logged int64 }

func (s *sequence) next(ahead int64) int64 {
	if s.last++; s.last > s.logged {
		s.logged = s.last + max(ahead, 0)
	}
	return s.last
}
