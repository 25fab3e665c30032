package workload

import (
	"fmt"
	"strconv"

	"stockproof/model"
	"stockproof/sim/random"
)

// Params are the parameters of a generated workload. The zero value is not useful: start from
// [DefaultParams].
type Params struct {
	Orders   int          // how many
	SKUs     int          // Zipf, SKU-1 apart, which is the hot one
	Hot      random.Ratio // chance that a line asks for the hot SKU, unless its order has it already
	Qty      int64        // quantities are 1..Qty
	Multi    random.Ratio // share of orders that have 2..MaxLines lines
	MaxLines int          // of one order
	Repeat   random.Ratio // share of a multi-line order's further lines that repeat an earlier line's SKU
	Policy   model.Policy // of every order
	Supply   random.Ratio // stock before the run over demand, per SKU, rounded up
	Cancels  random.Ratio // share of granted orders that are cancelled
	Restocks random.Ratio // restocks over orders
	Reads    random.Ratio // reads over orders; half of them of several SKUs
	Clients  int
}

// DefaultParams are the parameters of a run that names none.
func DefaultParams() Params {
	return Params{Orders: 10_000, SKUs: 100, Hot: random.Ratio{Num: 3, Den: 10}, Qty: 5, Multi: random.Ratio{Num: 1, Den: 5}, MaxLines: 4,
		Repeat: random.Ratio{Num: 0, Den: 1}, Policy: model.Partial, Supply: random.Ratio{Num: 4, Den: 5}, Cancels: random.Ratio{Num: 1, Den: 20},
		Restocks: random.Ratio{Num: 1, Den: 50}, Reads: random.Ratio{Num: 1, Den: 10}, Clients: 32}
}

// Limits of parameters: what one process can hold.
const (
	maxOrders  = 50_000_000
	maxSKUs    = 1_000_000
	MaxClients = 10_000 // that work side by side
)

// param is one parameter with its name in scenarios and on the command line.
type param struct {
	key string
	get func(*Params) string
	set func(*Params, string) error
}

func number(key string, field func(*Params) *int, lo, hi int) param {
	return param{key, func(p *Params) string { return strconv.Itoa(*field(p)) },
		func(p *Params, s string) error {
			n, err := ParseNumber(s, int64(lo), int64(hi))
			*field(p) = int(n)
			return err
		}}
}

func share(key string, field func(*Params) *random.Ratio, most uint64) param {
	return param{key, func(p *Params) string { return field(p).String() },
		func(p *Params, s string) error {
			r, err := random.ParseRatio(s)
			if err == nil && r.Num > most*r.Denominator() {
				err = fmt.Errorf("%s is outside 0..%d", s, most)
			}
			*field(p) = r
			return err
		}}
}

// params lists all parameters, in the order in which they are printed.
func params() []param {
	return []param{
		number("orders", func(p *Params) *int { return &p.Orders }, 1, maxOrders),
		number("skus", func(p *Params) *int { return &p.SKUs }, 1, maxSKUs),
		share("hot", func(p *Params) *random.Ratio { return &p.Hot }, 1),
		{"qty", func(p *Params) string { return strconv.FormatInt(p.Qty, 10) },
			func(p *Params, s string) (err error) {
				p.Qty, err = ParseNumber(s, 1, model.MaxQuantity)
				return err
			}},
		share("multi", func(p *Params) *random.Ratio { return &p.Multi }, 1),
		number("max-lines", func(p *Params) *int { return &p.MaxLines }, 1, model.MaxLines),
		share("repeat-sku", func(p *Params) *random.Ratio { return &p.Repeat }, 1),
		{"policy", func(p *Params) string { return p.Policy.String() },
			func(p *Params, s string) (err error) {
				p.Policy, err = ParsePolicy(s)
				return err
			}},
		share("supply", func(p *Params) *random.Ratio { return &p.Supply }, 1000),
		share("cancels", func(p *Params) *random.Ratio { return &p.Cancels }, 1),
		share("restocks", func(p *Params) *random.Ratio { return &p.Restocks }, 1),
		share("reads", func(p *Params) *random.Ratio { return &p.Reads }, 1),
		number("clients", func(p *Params) *int { return &p.Clients }, 1, MaxClients),
	}
}

// Set gives one parameter its value, by its name in scenarios.
func (p *Params) Set(key, value string) error {
	for _, q := range params() {
		if q.key == key {
			if err := q.set(p, value); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			return nil
		}
	}
	return fmt.Errorf("there is no parameter %s", key)
}

// IsParam reports whether key names a parameter.
func IsParam(key string) bool {
	for _, q := range params() {
		if q.key == key {
			return true
		}
	}
	return false
}

// Validate checks every parameter as if it had been read from a file.
func (p Params) Validate() error {
	for _, q := range params() {
		trial := p
		if err := q.set(&trial, q.get(&p)); err != nil {
			return fmt.Errorf("%s: %w", q.key, err)
		}
	}
	most := float64(p.Orders) * float64(p.MaxLines) * float64(p.Qty)
	if most*max(1, float64(p.Supply.Num)/float64(p.Supply.Denominator())) > float64(model.MaxNumber) {
		return fmt.Errorf("orders, max-lines, qty and supply make more units than a stock can be (%d)",
			model.MaxNumber)
	}
	return nil
}

// Settings are all parameters as a scenario writes them: "orders=10000 skus=100 ...".
func (p Params) Settings() string {
	s := ""
	for _, q := range params() {
		s += " " + q.key + "=" + q.get(&p)
	}
	return s[1:]
}

// String is what line 1 of a run says of the workload.
func (p Params) String() string {
	return fmt.Sprintf("orders %d  skus %d (hot %s)  qty 1-%d  %s  %s  supply %s  cancels %s  restocks %s  reads %s  clients %d",
		p.Orders, p.SKUs, p.Hot.Percent(), p.Qty, p.lines(), p.Policy, p.Supply.Percent(), p.Cancels.Percent(),
		p.Restocks.Percent(), p.Reads.Percent(), p.Clients)
}

// lines says how many lines orders have: without repetition no more than there are SKUs.
func (p Params) lines() string {
	most := p.MaxLines
	if p.Repeat.Num == 0 {
		most = min(most, p.SKUs)
	}
	if most < 2 {
		return "1 line each"
	}
	return fmt.Sprintf("%s of 2-%d lines (repeat-sku %s)", p.Multi.Percent(), most, p.Repeat.Percent())
}

// ParseNumber reads decimal digits, nothing else, within lo..hi.
func ParseNumber(s string, lo, hi int64) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil || s[0] == '+':
		return 0, fmt.Errorf("%q is not a whole number", s)
	case n < lo || n > hi:
		return 0, fmt.Errorf("%d is outside %d..%d", n, lo, hi)
	}
	return n, nil
}

// ParsePolicy reads the name of a policy, as scenarios and the command line write it.
func ParsePolicy(s string) (model.Policy, error) {
	p, err := model.ParsePolicy(s)
	if err != nil || p == 0 {
		return 0, fmt.Errorf("%q is neither %s nor %s", s, model.Partial, model.AllOrNothing)
	}
	return p, nil
}

// ParamKeys are the names of all parameters, in the order in which they are printed.
func ParamKeys() []string {
	var keys []string
	for _, p := range params() {
		keys = append(keys, p.key)
	}
	return keys
}

// Get is the value of a parameter as Set reads it; "" for a name that is none.
func (p Params) Get(key string) string {
	for _, q := range params() {
		if q.key == key {
			return q.get(&p)
		}
	}
	return ""
}
