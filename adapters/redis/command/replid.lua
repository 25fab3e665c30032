-- replid: who is the master that owns KEYS[1]? A script, so that a Cluster routes the question to
-- the key's owner (a plain INFO goes to any node) and it travels in the same pipeline.
return redis.call('INFO', 'replication')
