package debezium

import (
	"fmt"
	"regexp"
	"strings"

	"stockproof/inventory"
)

// Config mirrors the settings of a connector that decide what it writes. The settings' names are in
// the comments; testdata/envelopes/connectors has whole configurations.
type Config struct {
	TopicPrefix string      // topic.prefix: source.name, and the start of topic names. Required
	Database    string      // database.dbname
	Tables      []string    // table.include.list as schema.table; empty: all tables
	Keys        []TableKey  // message.key.columns, and the primary keys of the other tables
	Routes      []Route     // RegexRouter: the first whose regex matches the whole topic name renames it
	Outbox      *Outbox     // event router, for the rows of its table; nil: none
	Transaction bool        // provide.transaction.metadata
	Delete      DeleteStyle // tombstones.on.delete
	RunID       string      // extended.headers.enabled: written in the context headers; "": no such headers

	KeyConverter   Converter // key.converter, for heartbeats: rows are always JSON, outbox messages text
	ValueConverter Converter // value.converter, likewise

	HeartbeatPrefix string // topic.heartbeat.prefix; default "__debezium-heartbeat"
	Version         string // of the connector; default "3.6.1.Final"
}

// TableKey names the columns of a table's record key. A change slot does not say what the primary key
// is; a table without a TableKey gets null keys, as one without a primary key does.
type TableKey struct {
	Table   string   // schema.table
	Columns []string // in the order of the key's fields
}

// Route renames topics as Kafka's RegexRouter does.
type Route struct {
	Regex       string // must match the whole name
	Replacement string // the new name; $1 is the first group
}

// Outbox is the event router's part of a [Config]. Columns have the router's default names: id,
// aggregatetype, aggregateid, type, payload.
type Outbox struct {
	Table       string      // schema.table
	Replacement string      // route.topic.replacement; default "${routedByValue}"
	Headers     []Placement // table.fields.additional.placement; default type -> eventType, seq -> seq
}

// Placement puts a column of an outbox row into a header.
type Placement struct{ Column, Header string }

// Converter is how keys and values become bytes.
type Converter uint8

// The converters.
const (
	JSONConverter   Converter = iota // schemas.enable=false
	StringConverter                  // what is no string becomes Struct{...}
)

// DeleteStyle says whether a delete is followed by a tombstone.
type DeleteStyle uint8

// The styles.
const (
	WithTombstone    DeleteStyle = iota // Debezium's default
	WithoutTombstone                    // tombstones.on.delete=false
)

const (
	defaultVersion     = "3.6.1.Final"
	routedByValue      = "${routedByValue}"
	defaultReplacement = routedByValue
)

var defaultPlacements = [...]Placement{{"type", headerEventType}, {"seq", headerSeq}}

// ForDesign is the configuration of the connector that a design asks for: the recommended settings of
// testdata/envelopes/connectors/outbox-string.json for an outbox, those of raw-table.json for tables.
func ForDesign(d inventory.Connector) Config {
	c := Config{TopicPrefix: "inv", Database: "app", Tables: d.Tables}
	if d.Outbox {
		c.Outbox = &Outbox{Table: d.Tables[0]}
		c.KeyConverter, c.ValueConverter, c.Delete = StringConverter, StringConverter, WithoutTombstone
		return c
	}
	c.Transaction = true
	for _, table := range d.Tables {
		c.Keys = append(c.Keys, TableKey{table, []string{d.KeyColumn}})
		c.Routes = append(c.Routes, Route{regexp.QuoteMeta(c.TopicPrefix + "." + table), d.Topic})
	}
	return c
}

// OwnTopics are the topics that the connector writes besides those of its tables. The broker must have
// them: a missing topic stalls a connector for ever.
func (c Config) OwnTopics() []string {
	topics := []string{or(c.HeartbeatPrefix, defaultHeartbeatPrefix) + "." + c.TopicPrefix}
	if c.Transaction {
		topics = append(topics, c.TopicPrefix+".transaction")
	}
	return topics
}

// withDefaults fills in and checks a configuration.
func (c Config) withDefaults() (Config, error) {
	c.Version = or(c.Version, defaultVersion)
	c.HeartbeatPrefix = or(c.HeartbeatPrefix, defaultHeartbeatPrefix)
	if c.TopicPrefix == "" {
		return c, fmt.Errorf("debezium: configure connector: topic prefix is empty")
	}
	for _, k := range c.Keys {
		if len(k.Columns) == 0 {
			return c, fmt.Errorf("debezium: configure connector %s: key of %s has no columns", c.TopicPrefix, k.Table)
		}
	}
	if c.Outbox != nil {
		o := *c.Outbox
		o.Replacement = or(o.Replacement, defaultReplacement)
		if o.Headers == nil {
			o.Headers = defaultPlacements[:]
		}
		c.Outbox = &o
	}
	return c, nil
}

// router is a compiled [Route].
type router struct {
	regex       *regexp.Regexp
	replacement string
}

func compile(routes []Route) ([]router, error) {
	javaGroup := regexp.MustCompile(`\$(\d+)`) // in Go's replacements $1x is a group named 1x
	out := make([]router, len(routes))
	for i, r := range routes {
		re, err := regexp.Compile(`^(?:` + r.Regex + `)$`)
		if err != nil {
			return nil, fmt.Errorf("debezium: compile route %d: %w", i, err)
		}
		out[i] = router{re, javaGroup.ReplaceAllString(r.Replacement, "$${$1}")}
	}
	return out, nil
}

func route(rs []router, topic string) string {
	for _, r := range rs {
		if m := r.regex.FindStringSubmatchIndex(topic); m != nil {
			return string(r.regex.ExpandString(nil, r.replacement, topic, m))
		}
	}
	return topic
}

// topic is where a message of an aggregate type goes.
func (o *Outbox) topic(aggregateType string) string {
	return strings.ReplaceAll(o.Replacement, routedByValue, aggregateType)
}
