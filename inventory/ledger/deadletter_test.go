package ledger_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// accepted is a house of one partition in which commands are accepted and have not left yet.
func accepted(t *testing.T, commands ...model.Command) *house {
	h := newHouse(t, onePartition)
	in := h.front(inventory.Async)
	for _, c := range commands {
		_, err := in.Orders.Admission.Admit(h.ctx, inventory.Submission{Commands: []model.Command{c}})
		h.must(err)
	}
	return h
}

func restock(name string, qty int64) model.Command {
	return model.Command{ID: model.NameID(name), Kind: model.Restock, SKU: "A", Loc: model.MainLocation, Qty: qty}
}

func reserve(name string, qty int64) model.Command {
	return model.Command{ID: model.NameID(name), Kind: model.Reserve, SKU: "A", Loc: model.MainLocation, Qty: qty,
		OrderID: model.NameID("order", name), Line: 1, Policy: model.Partial}
}

func about(k model.Kind, name, ref string) model.Command {
	return model.Command{ID: model.NameID(name), Kind: k, SKU: "A", Loc: model.MainLocation, Ref: model.NameID(ref)}
}

// record is the value of a record with commands, as intake writes it in epoch 1.
func record(cs ...model.Command) []byte {
	return model.EncodeCommandRecord(model.CommandRecord{IntakeEpoch: 1, IntakeXID: 1, Commands: cs})
}

func (h *house) send(key string, value []byte) {
	h.Helper()
	h.must(h.p.Broker.Produce(h.ctx, port.Record{Topic: model.CommandTopic, Key: []byte(key), Value: value}))
}

// letters are the open dead letters, or those with the given keys.
func (h *house) letters(keys ...port.DeadKey) []port.DeadRow {
	h.Helper()
	read := &port.ReadDead{Keys: keys}
	h.must(h.p.Truth.Do(h.ctx, read))
	return read.Rows
}

func keyOf(l port.DeadRow) port.DeadKey {
	return port.DeadKey{Topic: l.Topic, Part: l.Part, LeaderEpoch: l.LeaderEpoch, Offset: l.Offset, Index: l.Index}
}

// progress is how far the partition is settled.
func (h *house) progress() int64 {
	h.Helper()
	read := &port.ReadProgress{Topic: h.world.Kafka.TopicID(model.CommandTopic)}
	h.must(h.p.Truth.Do(h.ctx, read))
	return read.NextOffset
}

// Whatever is wrong with one command is one letter; the rest of its record, and what follows it, is
// decided.
func TestOneBadCommandIsOneLetter(t *testing.T) {
	field := func(from, to string) func(model.Command) []byte {
		return func(c model.Command) []byte {
			return bytes.Replace(record(c, restock("rest", 3)), []byte(from), []byte(to), 1)
		}
	}
	for name, c := range map[string]struct {
		value func(bad model.Command) []byte
		key   string
		names string // what the letter's text says
	}{
		"negative quantity":   {field(`"qty":77`, `"qty":-77`), "A", "qty"},
		"quantity zero":       {field(`"qty":77`, `"qty":0`), "A", "qty"},
		"fractional quantity": {field(`"qty":77`, `"qty":7.5`), "A", "qty"},
		"hex quantity":        {field(`"qty":77`, `"qty":"0x4d"`), "A", "qty"},
		"oversized quantity":  {field(`"qty":77`, `"qty":1000000001`), "A", "qty"},
		"number beyond int64": {field(`"qty":77`, `"qty":99999999999999999999`), "A", "qty"},
		"unknown kind":        {field(`"RESTOCK"`, `"RESTOKC"`), "A", "RESTOKC"},
		"another SKU in one record": {func(c model.Command) []byte {
			other := restock("rest", 3)
			c.SKU = "B"
			return record(other, c)
		}, "A", "one SKU"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := restock("bad", 77)
			h := accepted(t, bad, restock("rest", 3), restock("next", 4))
			h.send(c.key, c.value(bad))
			h.send("A", record(restock("next", 4)))
			h.run("worker")
			h.want("rest of the record", h.outcome(model.NameID("rest")), "GRANTED 3")
			h.want("next record", h.outcome(model.NameID("next")), "GRANTED 4")
			letters := h.letters()
			if len(letters) != 1 {
				t.Fatalf("letters %+v", letters)
			}
			l := letters[0]
			if l.Class != port.DeadContract || l.Command != bad.ID || l.Chain != bad.ID || l.State != port.DeadOpen ||
				!strings.Contains(l.Err, c.names) || len(l.Raw) == 0 || string(l.Key) != c.key {
				t.Errorf("letter %+v, want a contract violation of %s that names %s", l, bad.ID, c.names)
			}
			h.wantLane("A", 7, 0)
			h.booksAgree()
		})
	}
}

// A record that cannot be read as a whole is one letter with index -1, and the partition goes on.
func TestOneBadRecordIsOneLetter(t *testing.T) {
	for name, value := range map[string][]byte{
		"malformed":          []byte(`{"v":1,"commands":[`),
		"no JSON":            []byte("\x00\xff\xfe"),
		"empty":              {},
		"tombstone":          nil,
		"invalid UTF-8":      bytes.Replace(record(restock("bad", 5)), []byte(`"A"`), []byte("\"\xff\""), 1),
		"unknown version":    bytes.Replace(record(restock("bad", 5)), []byte(`"v":1`), []byte(`"v":9`), 1),
		"no commands":        []byte(`{"v":1,"ie":1,"ix":1,"commands":[]}`),
		"JSON in a string":   []byte(`"{\"v\":1}"`),
		"oversized":          bytes.Repeat([]byte(" "), model.MaxRecordBytes+1),
		"too many commands":  []byte(`{"v":1,"ie":1,"ix":1,"commands":[` + strings.Repeat(`{},`, model.MaxRecordCommands) + `{}]}`),
		"number beyond 2^53": []byte(`{"v":1,"ie":9007199254740993,"ix":1,"commands":[{}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			h := accepted(t, restock("next", 4))
			h.send("A", value)
			h.send("A", record(restock("next", 4)))
			h.run("worker")
			h.want("next record", h.outcome(model.NameID("next")), "GRANTED 4")
			letters := h.letters()
			if len(letters) != 1 || letters[0].Index != -1 || letters[0].Class != port.DeadUndecodable ||
				!bytes.Equal(letters[0].Raw, value) || !letters[0].Chain.IsZero() || letters[0].Err == "" {
				t.Errorf("letters %+v", letters)
			}
			h.booksAgree()
		})
	}
}

// A command of the wrong key, that nobody accepted, or that a failover lost: each has its class.
func TestClassesOfLetters(t *testing.T) {
	known, stranger := restock("known", 6), restock("stranger", 5)
	for name, c := range map[string]struct {
		key    string
		bad    model.Command
		class  port.DeadClass
		says   string
		parks  bool
		before func(h *house)
	}{
		// Accepted, so that nothing but the key is wrong with it.
		"wrong key":          {"B", known, port.DeadContract, "has key", true, nil},
		"nobody accepted it": {"A", stranger, port.DeadContract, "nobody accepted", true, nil},
		"its acceptance is lost": {"A", stranger, port.DeadVoid, "which is over", false, func(h *house) {
			h.must(h.p.Truth.Do(h.ctx, &port.SetEpoch{}))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := accepted(t, known, restock("next", 4))
			if c.before != nil {
				c.before(h)
			}
			h.send(c.key, record(c.bad))
			h.send("A", record(restock("next", 4)))
			h.run("worker")
			h.want("next record", h.outcome(model.NameID("next")), "GRANTED 4")
			letters := h.letters()
			if len(letters) != 1 || letters[0].Class != c.class || letters[0].Chain.IsZero() == c.parks ||
				!strings.Contains(letters[0].Err, c.says) {
				t.Errorf("letters %+v, want one of class %s that says %s", letters, c.class, c.says)
			}
			if h.commandRow(c.bad.ID).Decision.Decided() || !h.commandRow(stranger.ID).ID.IsZero() {
				t.Errorf("the id was consumed: %+v, %+v", h.commandRow(c.bad.ID), h.commandRow(stranger.ID))
			}
			h.wantLane("A", 4, 0)
		})
	}
}

// Letters leave as records of their own.
func TestLettersArePublished(t *testing.T) {
	h := newHouse(t, onePartition)
	h.send("A", bytes.Replace(record(restock("bad", 77)), []byte(`"qty":77`), []byte(`"qty":-77`), 1))
	h.run("worker", "connector")
	var rs []port.Record
	h.until("the letter's record", func() bool {
		rs = h.world.Kafka.Records(model.DeadTopic)
		return len(rs) > 0
	})
	var v struct {
		Command model.ID `json:"command_id"`
		Class   string   `json:"class"`
		Err     string   `json:"error"`
		Raw     []byte   `json:"raw"`
	}
	if err := json.Unmarshal(rs[0].Value, &v); err != nil || len(rs) != 1 {
		t.Fatalf("%d records, %v", len(rs), err)
	}
	if v.Command != model.NameID("bad") || v.Class != "contract" || !strings.Contains(v.Err, "qty") ||
		!bytes.Contains(v.Raw, []byte("-77")) {
		t.Errorf("record %s", rs[0].Value)
	}
}
