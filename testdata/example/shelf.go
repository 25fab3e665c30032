package shop

import (
	"sync"

	"stockproof/checks"
	"stockproof/model"
)

// Shelf is the stock of one SKU, behind a mutex.
type Shelf struct {
	mu      sync.Mutex
	units   int64
	decided map[model.ID]checks.CommandRow
	order   []model.ID
	// Forgetful: it does not remember what it decided, so that a retry takes units again.
	Forgetful bool
}

// NewShelf is an empty shelf.
func NewShelf() *Shelf { return &Shelf{decided: map[model.ID]checks.CommandRow{}} }

// Do decides a RESTOCK or a RESERVE.
func (s *Shelf) Do(c model.Command) model.Decision {
	s.mu.Lock()
	defer s.mu.Unlock()
	if row, known := s.decided[c.ID]; known && !s.Forgetful {
		return row.Decision
	}
	d := model.Decision{Outcome: model.Granted, Granted: c.Qty}
	switch {
	case c.Kind == model.Restock:
		s.units += c.Qty
	case s.units < c.Qty:
		d = model.Decision{Outcome: model.RejectedInsufficient}
	default:
		s.units -= c.Qty
	}
	d.Avail = s.units
	if _, known := s.decided[c.ID]; !known {
		s.order = append(s.order, c.ID)
	}
	s.decided[c.ID] = checks.CommandRow{Command: c, Decision: d}
	return d
}

// Audit is the shelf's books.
func (s *Shelf) Audit(sku model.SKU) (a checks.Audit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range s.order {
		a.Commands = append(a.Commands, s.decided[id])
	}
	a.Stock = []checks.StockRow{{SKU: sku, Stock: s.units}}
	return a
}
