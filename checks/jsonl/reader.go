package jsonl

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"

	"stockproof/checks"
	"stockproof/model"
)

// Reader reads a history line by line and refuses what a run cannot have left. Every error is a
// [checks.InputError], or the underlying reader's.
type Reader struct {
	// Header is that of the file. Its Names fill up as they are read.
	Header checks.Header

	file   string
	in     *bufio.Reader
	line   int
	codec  codec
	order  order
	events int
	first  int // line of the first event
	// opening is the raw line that opens the audit, once it has come.
	opening json.RawMessage
}

// NewReader reads the header. file names the input in errors.
func NewReader(file string, in io.Reader) (*Reader, error) {
	r := &Reader{file: file, in: bufio.NewReaderSize(in, 1<<20), codec: newCodec(), order: newOrder()}
	kind, raw, err := r.next()
	if err != nil {
		return nil, err
	}
	var h header
	if kind != "history" {
		return nil, r.errorf("the first line is %q, not the header of a history", kind)
	}
	if err := strict(raw, &h); err != nil {
		return nil, r.errorf("%v", err)
	}
	if h.Version != version {
		return nil, r.errorf("version %d: this reader knows version %d", h.Version, version)
	}
	r.Header = checks.Header{Design: h.Design, Claims: h.Claims, Capability: h.Capability, Tier: h.Tier,
		Names: map[model.ID]string{}}
	if r.Header.Seed, err = strconv.ParseUint(strings.TrimPrefix(h.Seed, "0x"), 16, 64); err != nil {
		return nil, r.errorf("seed %q is no 0x number", h.Seed)
	}
	return r, nil
}

// Next is the next event; io.EOF when the audit begins.
func (r *Reader) Next() (checks.Event, error) {
	for r.opening == nil {
		kind, raw, err := r.next()
		if err != nil {
			return nil, err
		}
		switch kind {
		case "audit":
			r.opening = raw
			continue
		case "name":
			if r.events > 0 {
				return nil, r.errorf("a name stands behind the first event")
			}
			var n name
			if err := r.read(raw, &n); err != nil {
				return nil, err
			}
			r.Header.Names[n.ID] = n.As
			continue
		}
		e, err := r.event(kind, raw)
		if err != nil {
			return nil, r.errorf("%v", err)
		}
		if r.events++; r.events == 1 {
			r.first = r.line
		}
		if err := r.order.observe(e); err != nil {
			return nil, r.errorf("%v", err)
		}
		return e, nil
	}
	return nil, io.EOF
}

// Line is the line of an event that was read, by its number from 1; 0 for 0, which is no event.
func (r *Reader) Line(event int) int {
	if event == 0 {
		return 0
	}
	return r.first + event - 1
}

// event reads one kind of event.
func (r *Reader) event(kind string, raw json.RawMessage) (checks.Event, error) {
	switch kind {
	case "call":
		return decode[checks.Call](r.codec, raw)
	case "return":
		return decode[checks.Return](r.codec, raw)
	case "unknown":
		return decode[checks.Unknown](r.codec, raw)
	case "answer":
		return decode[checks.Answer](r.codec, raw)
	case "effect":
		return decode[checks.Effect](r.codec, raw)
	case "install":
		return decode[checks.Install](r.codec, raw)
	case "read":
		return decode[checks.Read](r.codec, raw)
	case "delivery":
		return decode[checks.Delivery](r.codec, raw)
	case "lost":
		return decode[checks.Lost](r.codec, raw)
	case "skew":
		return decode[checks.Skew](r.codec, raw)
	case "end":
		return nil, errors.New("the history ends without an audit")
	}
	return nil, fmt.Errorf("there is no kind of line %q here", kind)
}

func decode[E checks.Event](c codec, raw json.RawMessage) (checks.Event, error) {
	var e E
	err := c.read(raw, reflect.ValueOf(&e).Elem())
	return e, err
}

// Audit is what follows the events. It reads to the end of the file.
func (r *Reader) Audit() (a checks.Audit, e checks.End, err error) {
	var opening audit
	if err := strict(r.opening, &opening); err != nil {
		return a, e, r.errorf("%v", err)
	}
	a.SpeedRead, a.StateRead, a.HeldRead = opening.SpeedRead, opening.StateRead, opening.HeldRead
	a.Restless = opening.Restless
	feeds := map[string]int{}
	for i, f := range opening.Feeds {
		feeds[f] = i
		a.Feeds = append(a.Feeds, checks.Feed{Channel: f})
	}
	for rows := 0; ; rows++ {
		kind, raw, err := r.next()
		if err != nil {
			return a, e, err
		}
		if kind == "end" {
			e, err = r.end(raw, rows)
			return a, e, err
		}
		if err := r.row(&a, feeds, kind, raw); err != nil {
			return a, e, err
		}
	}
}

func (r *Reader) row(a *checks.Audit, feeds map[string]int, kind string, raw json.RawMessage) error {
	switch kind {
	case "command":
		return readRow(r, raw, &a.Commands)
	case "ledger":
		return readRow(r, raw, &a.Ledger)
	case "lane":
		return readRow(r, raw, &a.Lanes)
	case "line":
		return readRow(r, raw, &a.Lines)
	case "stock":
		return readRow(r, raw, &a.Stock)
	case "dead":
		return readRow(r, raw, &a.Dead)
	case "supply":
		return readRow(r, raw, &a.Supply)
	case "state":
		return readRow(r, raw, &a.State)
	case "held":
		return readRow(r, raw, &a.Held)
	case "shown":
		return r.shown(a, feeds, raw)
	}
	return r.errorf("there is no kind of line %q in an audit", kind)
}

func readRow[R any](r *Reader, raw json.RawMessage, rows *[]R) error {
	var row R
	if err := r.read(raw, &row); err != nil {
		return err
	}
	*rows = append(*rows, row)
	return nil
}

func (r *Reader) shown(a *checks.Audit, feeds map[string]int, raw json.RawMessage) error {
	var s shown
	if err := r.read(raw, &s); err != nil {
		return err
	}
	if s.Feed == "" {
		a.Speed = append(a.Speed, s.Shown)
		return nil
	}
	i, ok := feeds[s.Feed]
	if !ok {
		return r.errorf("the audit has no feed %q", s.Feed)
	}
	a.Feeds[i].Rows = append(a.Feeds[i].Rows, s.Shown)
	return nil
}

// end compares the counts, and that nothing follows.
func (r *Reader) end(raw json.RawMessage, rows int) (checks.End, error) {
	var e end
	if err := strict(raw, &e); err != nil {
		return checks.End{}, r.errorf("%v", err)
	}
	if e.Events != r.events || e.Rows != rows {
		return checks.End{}, r.errorf("the end counts %d events and %d rows, there were %d and %d: lines are missing",
			e.Events, e.Rows, r.events, rows)
	}
	switch _, err := r.in.ReadByte(); err {
	case io.EOF:
		return checks.End{NeverHappened: e.NeverHappened, Outside: e.Outside}, nil
	case nil:
		r.line++
		return checks.End{}, r.errorf("something follows the end")
	default:
		return checks.End{}, checks.ReadError(r.file, r.line, err)
	}
}

// next is the next line's kind and what it says.
func (r *Reader) next() (kind string, raw json.RawMessage, err error) {
	text, err := r.in.ReadBytes('\n')
	r.line++
	switch {
	case err == io.EOF && len(text) == 0:
		r.line--
		return "", nil, r.errorf("the file ends without its last line, `end`: it was cut short")
	case err == io.EOF:
		return "", nil, r.errorf("the file ends inside this line: it was cut short")
	case err != nil:
		return "", nil, checks.ReadError(r.file, r.line, err)
	}
	all, err := members(text)
	if err != nil {
		return "", nil, r.errorf("%v", err)
	}
	if len(all) != 1 {
		return "", nil, r.errorf("a line has one member, this one has %d", len(all))
	}
	for kind, raw = range all {
	}
	return kind, raw, nil
}

func (r *Reader) read(raw json.RawMessage, v any) error {
	if err := r.codec.read(raw, reflect.ValueOf(v).Elem()); err != nil {
		return r.errorf("%v", err)
	}
	return nil
}

// strict reads plain JSON and refuses members that v does not have.
func strict(raw json.RawMessage, v any) error {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func (r *Reader) errorf(format string, args ...any) error {
	return checks.InputErrorf(r.file, r.line, format, args...)
}

// Read reads a whole history; file names it in errors.
func Read(file string, in io.Reader) (checks.History, error) {
	r, err := NewReader(file, in)
	if err != nil {
		return checks.History{}, err
	}
	h := checks.History{Header: r.Header}
	for {
		e, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return checks.History{}, err
		}
		h.Events = append(h.Events, e)
	}
	h.Audit, h.End, err = r.Audit()
	return h, err
}

// Load reads the history of a file.
func Load(path string) (checks.History, error) {
	f, err := os.Open(path)
	if err != nil {
		return checks.History{}, &checks.InputError{File: path, Reason: err.Error()}
	}
	defer f.Close()
	return Read(path, f)
}
