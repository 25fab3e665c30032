package memory

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"

	"stockproof/inventory/port"
)

// The servers can say in 64 bits what state they are in, so that a search recognises a state in which it has
// been. Two states with one digest behave alike from there on. What cannot be told apart by its effects is
// left out: how a transaction's number or a position in the log came out depends on who was faster, and
// matters only for who is still running, which is in.

// Hash sums up values, in order.
type Hash uint64

// NewHash is the hash of nothing.
func NewHash() Hash { return 0x9e3779b97f4a7c15 }

// Word adds a number.
func (h *Hash) Word(v uint64) {
	x := uint64(*h) ^ v
	x *= 0xff51afd7ed558ccd // the finalizer of MurmurHash3
	x ^= x >> 32
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 29
	*h = Hash(x + 0x9e3779b97f4a7c15)
}

// Flag adds a yes or no.
func (h *Hash) Flag(v bool) {
	if v {
		h.Word(1)
		return
	}
	h.Word(2)
}

// Text adds a string.
func (h *Hash) Text(s string) {
	h.Word(uint64(len(s)))
	for len(s) >= 8 {
		h.Word(uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56)
		s = s[8:]
	}
	last := uint64(0)
	for i := range len(s) {
		last |= uint64(s[i]) << (8 * i)
	}
	h.Word(last)
}

// Shapes remembers which fields of a struct count; nil looks at them each time.
type Shapes map[reflect.Type][]int

// of is the fields of a struct that are not transient.
func (s Shapes) of(t reflect.Type) []int {
	fields, ok := s[t]
	if ok {
		return fields
	}
	fields = make([]int, 0, t.NumField())
	for i := range t.NumField() {
		if !transient(t.Field(i).Name) {
			fields = append(fields, i)
		}
	}
	if s != nil {
		s[t] = fields
	}
	return fields
}

// Value adds any value made of plain data, pointers and slices. Errors count by their class.
func (h *Hash) Value(v any) { h.ValueOf(nil, v) }

// ValueOf is Value for who asks often.
func (h *Hash) ValueOf(s Shapes, v any) {
	switch v := v.(type) {
	case nil:
		h.Word(0)
	case []port.Record:
		for i := range v {
			h.Record(&v[i])
		}
	case *[]port.Record:
		h.ValueOf(s, *v)
	case *[]port.Change:
		h.ValueOf(s, *v)
	case []port.Change:
		for i := range v {
			h.change(&v[i])
		}
	default:
		h.reflect(s, reflect.ValueOf(v))
	}
}

// Failure adds an error by what a caller may look at: its class.
func (h *Hash) Failure(err error) {
	if err == nil {
		h.Word(0)
		return
	}
	class := port.Class(err)
	if class == nil {
		h.Word(99)
		return
	}
	h.Text(class.Error())
}

var errorType = reflect.TypeFor[error]()

func (h *Hash) reflect(s Shapes, v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		h.Flag(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		h.Word(uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		h.Word(v.Uint())
	case reflect.String:
		h.Text(v.String())
	case reflect.Interface, reflect.Pointer:
		h.indirect(s, v)
	case reflect.Slice, reflect.Array:
		h.list(s, v)
	case reflect.Struct:
		for _, i := range s.of(v.Type()) {
			h.reflect(s, v.Field(i))
		}
	}
}

func (h *Hash) indirect(s Shapes, v reflect.Value) {
	switch {
	case v.IsNil():
		h.Word(3)
	case v.Type() == errorType && v.CanInterface():
		err, _ := v.Interface().(error)
		h.Failure(err)
	default:
		h.reflect(s, v.Elem())
	}
}

func (h *Hash) list(s Shapes, v reflect.Value) {
	h.Word(uint64(v.Len()))
	if v.Type().Elem().Kind() == reflect.Uint8 {
		if v.Kind() == reflect.Slice {
			h.Text(string(lasting(v.Bytes())))
			return
		}
		for i := range v.Len() {
			h.Word(v.Index(i).Uint())
		}
		return
	}
	for i := range v.Len() {
		h.reflect(s, v.Index(i))
	}
}

// transient names the fields whose value is a number that only says who was faster: transaction numbers,
// positions in the log, and the numbers of events and attempts in what checkers are told.
func transient(field string) bool {
	switch field {
	case "LSN", "CommitLSN", "PrevCommitLSN", "XID", "xid", "IntakeXID", "Horizon", "Attempt", "Since":
		return true
	}
	return false
}

// Record adds a record without what only its producer's transaction number says.
func (h *Hash) Record(r *port.Record) {
	h.Word(uint64(r.Partition)<<40 ^ uint64(r.LeaderEpoch)<<32 ^ uint64(r.Offset))
	h.Text(r.Topic)
	h.Text(string(r.Key))
	h.Flag(r.Value == nil)
	h.Text(string(lasting(r.Value)))
	for _, x := range r.Headers {
		h.Text(x.Key)
		h.Text(string(lasting(x.Value)))
	}
}

func (h *Hash) change(c *port.Change) {
	h.Text(c.Schema)
	h.Text(c.Table)
	h.Word(uint64(c.Op))
	h.Flag(c.Last)
	for _, col := range slices.Concat(c.Before, c.After) {
		if h.Text(col.Name); col.Name == "xid" || col.Name == "pos" {
			continue // as in the row itself
		}
		if s, ok := col.Value.(string); ok {
			h.Text(string(lasting([]byte(s))))
			continue
		}
		h.Value(col.Value)
	}
}

// numbered are the JSON fields that carry transaction numbers and positions in the log: ours and Debezium's.
// A Debezium transaction is known by "xid:lsn".
var numbered = [...][]byte{[]byte(`"ix":`), []byte(`"lsn":`), []byte(`"txId":`), []byte(`"sequence":`),
	[]byte(`"transaction":{"id":`), []byte(`"status":"BEGIN","id":`), []byte(`"status":"END","id":`)}

// lasting is a JSON text without the values of numbered fields.
func lasting(text []byte) []byte {
	var out []byte
	rest := text
	for {
		at, n := -1, 0
		for _, name := range numbered {
			if i := bytes.Index(rest, name); i >= 0 && (at < 0 || i < at) {
				at, n = i, len(name)
			}
		}
		if at < 0 {
			if out == nil {
				return text
			}
			return append(out, rest...)
		}
		out = append(out, rest[:at+n]...)
		rest = afterValue(rest[at+n:])
	}
}

// afterValue is what follows a JSON string or number.
func afterValue(text []byte) []byte {
	if len(text) == 0 || text[0] != '"' {
		for len(text) > 0 && text[0] != ',' && text[0] != '}' {
			text = text[1:]
		}
		return text
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return text[i+1:]
		}
	}
	return nil
}

// Digest is the state of the database.
func (p *Postgres) Digest() uint64 {
	h := NewHash()
	rows := uint64(0)
	for i, t := range p.digested() {
		t := t(uint64(i + 1))
		rows += t
	}
	h.Word(rows)
	for _, s := range []*shop{&p.article, &p.dualwrite, &p.rowlock} {
		h.Word(uint64(s.ids.last))
		h.Word(uint64(s.ids.logged))
	}
	open := uint64(0)
	for _, s := range p.sessions {
		open += s.digest()
	}
	h.Word(open)
	for _, s := range p.slots {
		h.Word(s.digest())
	}
	h.Word(uint64(p.options.Timeline))
	return uint64(h)
}

// digested are the tables, each as a sum over its rows.
func (p *Postgres) digested() []func(seed uint64) uint64 {
	return []func(uint64) uint64{p.cluster.digest, p.lanes.digest, p.commands.digest, p.ledger.digest,
		p.orders.digest, p.lines.digest, p.progress.digest, p.outbox.digest, p.dead.digest, p.heartbeat.digest,
		p.shopTables.digest}
}

func (tb *table[K, V]) digest(seed uint64) (sum uint64) {
	tb.rows.order()
	for _, b := range tb.rows.blocks {
		for _, k := range b {
			sum += tb.digestOf(seed, k)
		}
	}
	return sum
}

func (tb *table[K, V]) digestOf(seed uint64, k K) uint64 {
	r, ok := tb.rows.get(k)
	if !ok || r.committed == nil {
		return 0
	}
	if r.hashed != r.committed {
		h := NewHash()
		h.Value(k)
		h.Value(r.committed)
		r.hashed, r.hash = r.committed, uint64(h)
	}
	h := Hash(r.hash)
	h.Word(seed)
	return uint64(h)
}

func (t *shopTables) digest(seed uint64) (sum uint64) {
	for i, s := range []*shop{&t.article, &t.dualwrite, &t.rowlock} {
		at := seed<<8 + uint64(3*i)
		if s.stock != nil {
			sum += s.stock.digest(at)
		}
		if s.orders != nil {
			sum += s.orders.digest(at + 1)
		}
	}
	return sum + t.rowLocks.digest(seed<<8+64)
}

// digestOwn is what a transaction made of a row that it holds.
func (r *row[K, V]) digestOwn(h *Hash) {
	h.Text(r.table.about.name)
	h.Value(r.key)
	h.Flag(r.written)
	if r.written {
		h.Value(r.own)
	}
	h.Word(uint64(len(r.sharers)))
}

// digest is an open transaction: what it holds, and how far it is.
func (s *Session) digest() uint64 {
	h := NewHash()
	h.Flag(s.closed)
	h.Flag(s.committing)
	h.Flag(s.serving)
	h.Flag(s.tx.xid != 0)
	h.Flag(s.tx.waits.lock != nil)
	for _, r := range s.tx.held {
		r.digestOwn(&h)
	}
	return uint64(h)
}

// digest is what a slot has still to send or to be confirmed.
func (s *slot) digest() uint64 {
	h := NewHash()
	h.Text(s.name)
	h.Flag(s.connected != nil)
	h.Flag(s.began)
	h.Flag(s.lost)
	h.Word(uint64(s.confirmed))
	if c := s.connected; c != nil {
		h.Word(uint64(c.commit)<<32 | uint64(c.change))
	}
	for i := range s.queue {
		h.Word(s.queue[i].digest())
	}
	return uint64(h)
}

// digest is what a transaction in a slot's queue says. It never changes.
func (d *decodedCommit) digest() uint64 {
	if d.hash == 0 {
		h := NewHash()
		for i := range d.changes {
			ch := d.render(i)
			h.change(&ch)
		}
		d.hash = uint64(h)
	}
	return d.hash
}

// Digest is the state of the broker, but for topics that nobody reads: where a record of a transaction's
// number goes depends on the number.
func (k *Kafka) Digest(unread ...string) uint64 {
	h := NewHash()
	for _, t := range k.topics {
		if slices.Contains(unread, t.name) {
			continue
		}
		h.Text(t.name)
		h.Word(uint64(t.generation))
		for _, l := range t.logs {
			h.Word(l.digest())
		}
	}
	groups := uint64(0)
	for _, g := range k.groups {
		groups += g.digest()
	}
	h.Word(groups)
	return uint64(h)
}

func (l *kafkaLog) digest() uint64 {
	for i := len(l.hashes); i < len(l.records); i++ {
		h := NewHash()
		if i > 0 {
			h = l.hashes[i-1]
		}
		h.Record(&l.records[i])
		l.hashes = append(l.hashes, h)
	}
	h := NewHash()
	h.Word(uint64(l.start))
	h.Word(uint64(l.leaderEpoch()))
	if n := len(l.records); n > 0 {
		h.Word(uint64(l.hashes[n-1]))
	}
	return uint64(h)
}

func (g *kafkaGroup) digest() uint64 {
	h := NewHash()
	h.Text(g.name)
	for _, list := range [][]*kafkaMember{g.members, g.zombies} {
		h.Word(uint64(len(list)))
		for _, m := range list {
			h.Text(m.id)
			h.Flag(m.gone)
			h.Flag(m.told)
			h.Word(uint64(m.life))
			h.Flag(m.left)
		}
	}
	for i := range g.shares {
		s := &g.shares[i]
		h.Flag(s.stored)
		h.Word(uint64(s.committed.Offset))
		if s.wanted != nil {
			h.Text(s.wanted.id)
		}
		if c := s.claim; c != nil {
			h.Text(c.member.id)
			for _, f := range []bool{c.taken, c.revoked, c.released, c.over, c.told} {
				h.Flag(f)
			}
		}
	}
	return uint64(h)
}

// Digest is the state of the speed layer.
func (r *Redis) Digest() uint64 {
	h := NewHash()
	h.Word(uint64(r.skewMS))
	h.Word(uint64(r.lives))
	for _, n := range r.nodes {
		names := slices.Clone(n.keys.names)
		slices.SortFunc(names, cmp.Compare[string])
		for _, name := range names {
			v := n.keys.byName[name]
			h.Text(name)
			h.Text(v.text)
			h.Word(uint64(v.expireMS))
			for _, f := range v.fields {
				h.Text(f.name)
				h.Text(f.value)
			}
		}
	}
	return uint64(h)
}
