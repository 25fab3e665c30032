package jsonl

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"

	"stockproof/checks"
	"stockproof/model"
)

// version is the first line's; a reader takes no other.
const version = 1

// header is the first line.
type header struct {
	Version    int                `json:"version"`
	Design     string             `json:"design"`
	Claims     []checks.Guarantee `json:"claims"`
	Capability checks.Capability  `json:"capability"`
	Tier       string             `json:"tier"`
	Seed       string             `json:"seed"` // 0x number: JSON numbers of many readers end at 2^53
}

// name is what people call an id.
type name struct {
	ID model.ID
	As string
}

// audit opens the audit. Feeds are named because one may be empty.
type audit struct {
	SpeedRead bool     `json:"speed_read,omitempty"`
	StateRead bool     `json:"state_read,omitempty"`
	HeldRead  bool     `json:"held_read,omitempty"`
	Restless  bool     `json:"restless,omitempty"`
	Feeds     []string `json:"feeds,omitempty"`
}

// shown is a row of the speed layer, or of a feed.
type shown struct {
	Feed string
	checks.Shown
}

// end is the last line: how many events and rows came before it, and what the run says of itself.
type end struct {
	Events        int      `json:"events"`
	Rows          int      `json:"rows"`
	NeverHappened []string `json:"never_happened,omitempty"`
	Outside       []string `json:"outside,omitempty"`
}

// Writer writes a history while it is made. Not for concurrent use. The first error ends it, and Close
// returns it.
type Writer struct {
	w      *bufio.Writer
	codec  codec
	line   []byte
	events int
	rows   int
	err    error
}

// NewWriter writes the header and its names. What it writes is complete only after Close.
func NewWriter(w io.Writer, h checks.Header) *Writer {
	x := &Writer{w: bufio.NewWriterSize(w, 64<<10), codec: newCodec()}
	x.json("history", header{Version: version, Design: h.Design, Claims: h.Claims, Capability: h.Capability, Tier: h.Tier,
		Seed: fmt.Sprintf("%#x", h.Seed)})
	for _, id := range slices.SortedFunc(maps.Keys(h.Names), model.ID.Compare) {
		x.record("name", name{id, h.Names[id]})
	}
	return x
}

// Observe writes one event; it must be called in the order of the history.
func (x *Writer) Observe(e checks.Event) {
	x.events++
	x.record(snake(reflect.TypeOf(e).Name()), e)
}

// Close writes the audit and the end, and flushes.
func (x *Writer) Close(a checks.Audit, e checks.End) error {
	opening := audit{SpeedRead: a.SpeedRead, StateRead: a.StateRead, HeldRead: a.HeldRead, Restless: a.Restless}
	for _, f := range a.Feeds {
		opening.Feeds = append(opening.Feeds, f.Channel)
	}
	x.json("audit", opening)
	writeRows(x, "command", a.Commands)
	writeRows(x, "ledger", a.Ledger)
	writeRows(x, "lane", a.Lanes)
	writeRows(x, "line", a.Lines)
	writeRows(x, "stock", a.Stock)
	x.shown("", a.Speed)
	for _, f := range a.Feeds {
		x.shown(f.Channel, f.Rows)
	}
	writeRows(x, "dead", a.Dead)
	writeRows(x, "supply", a.Supply)
	writeRows(x, "state", a.State)
	writeRows(x, "held", a.Held)
	x.json("end", end{x.events, x.rows, e.NeverHappened, e.Outside})
	if err := x.w.Flush(); x.err == nil {
		x.err = err
	}
	return x.err
}

func writeRows[R any](x *Writer, kind string, rows []R) {
	for _, r := range rows {
		x.rows++
		x.record(kind, r)
	}
}

func (x *Writer) shown(feed string, rows []checks.Shown) {
	for _, r := range rows {
		x.rows++
		x.record("shown", shown{feed, r})
	}
}

// record writes a line of the codec's.
func (x *Writer) record(kind string, v any) {
	x.line = append(append(append(x.line[:0], `{"`...), kind...), `":`...)
	x.line = x.codec.object(x.line, reflect.ValueOf(v))
	x.write()
}

// json writes a line that has lists.
func (x *Writer) json(kind string, v any) {
	text, err := json.Marshal(v)
	if x.err == nil && err != nil {
		x.err = fmt.Errorf("write the %s of a history: %w", kind, err)
	}
	x.line = append(append(append(append(x.line[:0], `{"`...), kind...), `":`...), text...)
	x.write()
}

func (x *Writer) write() {
	if x.err != nil {
		return
	}
	if _, err := x.w.Write(append(x.line, '}', '\n')); err != nil {
		x.err = fmt.Errorf("write a history: %w", err)
	}
}
