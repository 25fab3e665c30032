package engine

import (
	"stockproof/adapters/memory/kafka"
	"stockproof/adapters/memory/postgres"
)

// kept are the servers of the last run, which the next one uses again: a campaign makes a world for each of its
// executions.
type kept struct {
	postgres *postgres.Server
	kafka    *kafka.Server
}

// Postgres is a server behind this engine's gate, as good as new. It is the same at each call: one from before
// the last [Engine.Reset] must not be used any more.
func (e *Engine) Postgres(o postgres.Options) *postgres.Server {
	if o.Shapes = e.shapes; e.used.postgres == nil {
		e.used.postgres = postgres.New(e, o)
	} else {
		e.used.postgres.Reset(e, o)
	}
	return e.used.postgres
}

// Kafka is a broker behind this engine's gate, likewise.
func (e *Engine) Kafka(o kafka.Options) *kafka.Server {
	if o.Shapes = e.shapes; e.used.kafka == nil {
		e.used.kafka = kafka.New(e, o)
	} else {
		e.used.kafka.Reset(e, o)
	}
	return e.used.kafka
}
