package linear

// shownLately holds what was shown of the latest versions, by version modulo its length, which grows with use up to
// [mostLately].
type shownLately struct {
	ring []shownAt
	used int
}

// shownAt is a version and the stock after it.
type shownAt struct {
	seq, stock int64
	read       int32 // the read that showed it, kept until an answer does; none: an answer did
}

// mostLately is how many versions are looked back at; a power of two.
const mostLately = 1 << 12

// at is the version's place; what it holds may be of another one.
func (s *shownLately) at(seq int64) *shownAt {
	if s.used++; s.used > len(s.ring) && len(s.ring) < mostLately {
		old := s.ring
		s.ring = make([]shownAt, max(16, 4*len(old)))
		fill(s.ring, shownAt{seq: Absent, read: none})
		for _, v := range old {
			if v.seq != Absent {
				s.ring[v.seq&int64(len(s.ring)-1)] = v
			}
		}
	}
	return &s.ring[seq&int64(len(s.ring)-1)]
}
