package model

import "bytes"

// canonical reads JSON as the encoders of this package write it, which is almost all that is ever read: no white
// space, no escapes, no null, ASCII, whole numbers, each member once and by its exact name. Whatever
// else it meets sets odd, and the caller takes the strict way: so canonical decides about speed and never
// about what is accepted.
type canonical struct {
	b    []byte
	i    int
	odd  bool
	seen uint32 // members of the object that is being read
}

// eat passes over c, if it is next.
func (p *canonical) eat(c byte) bool {
	if p.i < len(p.b) && p.b[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *canonical) must(c byte) {
	if !p.eat(c) {
		p.odd = true
	}
}

// end reports whether exactly one plain value was read.
func (p *canonical) end() bool { return !p.odd && p.i == len(p.b) }

// string is the next string, without its quotes.
func (p *canonical) string() []byte {
	p.must('"')
	from := p.i
	for ; p.i < len(p.b); p.i++ {
		switch c := p.b[p.i]; {
		case c == '"':
			p.i++
			return p.b[from : p.i-1]
		case c == '\\' || c < 0x20 || c >= 0x80:
			p.odd = true
			return nil
		}
	}
	p.odd = true
	return nil
}

// name is the next member's name, its colon passed.
func (p *canonical) name() []byte {
	s := p.string()
	p.must(':')
	return s
}

// once marks member n of the object as read; a second time is odd.
func (p *canonical) once(n int) {
	if p.seen&(1<<n) != 0 {
		p.odd = true
	}
	p.seen |= 1 << n
}

func (p *canonical) has(n int) bool { return p.seen&(1<<n) != 0 }

// more reports whether another member or element follows; the end of the object or list is passed.
func (p *canonical) more(end byte) bool {
	if p.odd {
		return false
	}
	if p.eat(',') {
		return true
	}
	p.must(end)
	return false
}

// number is the next whole number of at most 18 digits, which all fit.
func (p *canonical) number() int64 {
	minus := p.eat('-')
	from, n := p.i, int64(0)
	for ; p.i < len(p.b) && '0' <= p.b[p.i] && p.b[p.i] <= '9'; p.i++ {
		n = n*10 + int64(p.b[p.i]-'0')
	}
	if digits := p.i - from; digits == 0 || digits > 18 || p.b[from] == '0' && (digits > 1 || minus) {
		p.odd = true
	}
	if p.i < len(p.b) && (p.b[p.i] == '.' || p.b[p.i]|0x20 == 'e') {
		p.odd = true
	}
	if minus {
		return -n
	}
	return n
}

func (p *canonical) small() int32 {
	n := p.number()
	if int64(int32(n)) != n {
		p.odd = true
	}
	return int32(n)
}

func (p *canonical) id() (id ID) {
	s := p.string()
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		p.odd = true
		return id
	}
	for i, at := range [len(id)]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34} {
		hi, lo := nibble(s[at]), nibble(s[at+1])
		if hi < 0 || lo < 0 {
			p.odd = true
			return ID{}
		}
		id[i] = byte(hi<<4 | lo)
	}
	return id
}

// canonicalName is the next string as one of a type's names.
func canonicalName[T any](p *canonical, parse func(string) (T, error)) T {
	s := p.string()
	if p.odd {
		var none T
		return none
	}
	v, err := parse(string(s))
	if err != nil {
		p.odd = true
	}
	return v
}

// canonicalCommand reads a command that is written plainly and has what every command has.
func canonicalCommand(b []byte) (c Command, ok bool) {
	p := canonical{b: b}
	c.Loc = MainLocation
	p.must('{')
	for more := !p.odd; more; more = p.more('}') {
		switch string(p.name()) {
		case "command_id":
			p.once(0)
			c.ID = p.id()
		case "kind":
			p.once(1)
			c.Kind = canonicalName(&p, ParseKind)
		case "sku":
			p.once(2)
			c.SKU = SKU(p.string())
		case "loc":
			p.once(3)
			c.Loc = Location(p.string())
		case "to_loc":
			p.once(4)
			c.ToLoc = Location(p.string())
		case "order_id":
			p.once(5)
			c.OrderID = p.id()
		case "line":
			p.once(6)
			c.Line = p.small()
		case "qty":
			p.once(7)
			c.Qty = p.number()
		case "ref":
			p.once(8)
			c.Ref = p.id()
		case "policy":
			p.once(9)
			c.Policy = canonicalName(&p, ParsePolicy)
		case "siblings":
			p.once(10)
			c.Siblings = p.id()
		case "deadline":
			p.once(11)
			c.Deadline = p.number()
		case "submitted_at":
			p.once(12)
			c.SubmittedAt = p.number()
		default:
			return Command{}, false
		}
	}
	return c, p.end() && p.has(0) && p.has(1) && p.has(2)
}

// canonicalRecord reads the frame of a command record; the commands are parts of b.
func canonicalRecord(b []byte) (w wireCommandRecord, commands [][]byte, ok bool) {
	p := canonical{b: b}
	p.must('{')
	for more := !p.odd; more; more = p.more('}') {
		switch string(p.name()) {
		case "v":
			p.once(0)
			w.V = int(p.number())
		case "ie":
			p.once(1)
			w.IntakeEpoch = p.number()
		case "ix":
			p.once(2)
			w.IntakeXID = p.number()
		case "commands":
			p.once(3)
			p.must('[')
			for more := !p.odd; more; more = p.more(']') {
				commands = append(commands, p.object())
			}
		default:
			return w, nil, false
		}
	}
	return w, commands, p.end()
}

// object is the text of the next object, whose values are strings and numbers.
func (p *canonical) object() []byte {
	from := p.i
	p.must('{')
	for more := !p.odd; more; more = p.more('}') {
		p.name()
		if p.i < len(p.b) && p.b[p.i] == '"' {
			p.string()
		} else {
			p.number()
		}
	}
	return p.b[from:p.i]
}

// canonicalState reads a state record.
func canonicalState(b []byte) (r StateRecord, ok bool) {
	p := canonical{b: b}
	version := int64(0)
	p.must('{')
	for more := !p.odd; more; more = p.more('}') {
		switch string(p.name()) {
		case "v":
			p.once(0)
			version = p.number()
		case "sku":
			p.once(1)
			r.Lane.SKU = SKU(p.string())
		case "loc":
			p.once(2)
			r.Lane.Loc = Location(p.string())
		case "epoch":
			p.once(3)
			r.Epoch = p.number()
		case "from_seq":
			p.once(4)
			r.FromSeq = p.number()
		case "seq":
			p.once(5)
			r.Seq = p.number()
		case "on_hand":
			p.once(6)
			r.OnHand = p.number()
		case "reserved":
			p.once(7)
			r.Reserved = p.number()
		case "avail":
			p.once(8)
			r.Avail = p.number()
		case "limit":
			p.once(9)
			r.Limit = p.number()
		case "entries":
			p.once(10)
			r.Entries = p.stateEntries()
		case "decided_at":
			p.once(11)
			r.DecidedAt = p.number()
		default:
			return StateRecord{}, false
		}
	}
	return r, p.end() && version == WireVersion && p.has(1) && p.has(2)
}

func (p *canonical) stateEntries() []StateEntry {
	p.must('[')
	es := []StateEntry{}
	if p.eat(']') {
		return es
	}
	outer := p.seen
	for more := !p.odd; more; more = p.more(']') {
		p.seen = 0
		es = append(es, p.stateEntry())
	}
	p.seen = outer
	return es
}

func (p *canonical) stateEntry() (e StateEntry) {
	p.must('{')
	for more := !p.odd; more; more = p.more('}') {
		switch string(p.name()) {
		case "command_id":
			p.once(0)
			e.Command = p.id()
		case "kind":
			p.once(1)
			e.Kind = canonicalName(p, ParseKind)
		case "order_id":
			p.once(2)
			id := p.id()
			e.OrderID = &id
		case "line":
			p.once(3)
			e.Line = p.small()
		case "outcome":
			p.once(4)
			e.Outcome = canonicalName(p, ParseOutcome)
		case "granted":
			p.once(5)
			e.Granted = p.number()
		default:
			p.odd = true
		}
	}
	return e
}

// mayBeat is false where no member can be called heartbeat, in any case of letters.
func mayBeat(b []byte) bool {
	if bytes.IndexByte(b, '\\') >= 0 {
		return true
	}
	const name = "heartbeat"
	for i := 0; i+len(name) <= len(b); i++ {
		if b[i]|0x20 == 'h' && bytes.EqualFold(b[i:i+len(name)], []byte(name)) {
			return true
		}
	}
	return false
}

// nibble is the value of a digit of an id, which is written in small letters; -1 for none.
func nibble(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
