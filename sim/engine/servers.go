package engine

import "stockproof/adapters/memory"

// kept are the servers of the last run, which the next one uses again: a campaign makes a world for each of its
// executions.
type kept struct {
	postgres *memory.Postgres
	kafka    *memory.Kafka
}

// Postgres is a server behind this engine's gate, as good as new. It is the same at each call: one from before
// the last [Engine.Reset] must not be used any more.
func (e *Engine) Postgres(o memory.PostgresOptions) *memory.Postgres {
	if o.Shapes = e.shapes; e.used.postgres == nil {
		e.used.postgres = memory.NewPostgres(e, o)
	} else {
		e.used.postgres.Reset(e, o)
	}
	return e.used.postgres
}

// Kafka is a broker behind this engine's gate, likewise.
func (e *Engine) Kafka(o memory.KafkaOptions) *memory.Kafka {
	if o.Shapes = e.shapes; e.used.kafka == nil {
		e.used.kafka = memory.NewKafka(e, o)
	} else {
		e.used.kafka.Reset(e, o)
	}
	return e.used.kafka
}
