# The queries, by the format of the records. cloudformation/athena.yaml has the same, which a test
# holds. docs/athena.md says which dialect they are in, and what tests them.

locals {
  # What each query begins with: one row for each attempt.
  attempts = {
    json = chomp(<<-SQL
      WITH attempts AS (
        SELECT attemptid, min(day) AS day, max_by(outcome, durationms) AS outcome, max_by(reason, durationms) AS reason,
          max_by(source, durationms) AS source, max_by(clientid, durationms) AS clientid,
          max_by(completion, durationms) AS completion, max(durationms) AS durationms
        FROM records
        WHERE day >= cast(cast(current_date - interval '30' day AS date) AS varchar) AND outcome IS NOT NULL
        GROUP BY attemptid)
      SQL
    )
    ocsf = chomp(<<-SQL
      WITH attempts AS (
        SELECT metadata.correlation_uid AS attemptid, min(day) AS day, max_by(status_code, duration) AS outcome,
          max_by(status_detail, duration) AS reason, max_by(actor.idp.name, duration) AS source,
          max_by(unmapped.clientid, duration) AS clientid, max_by(unmapped.completion, duration) AS completion,
          max(duration) AS durationms
        FROM records
        WHERE day >= cast(cast(current_date - interval '30' day AS date) AS varchar) AND class_uid = 3002
        GROUP BY metadata.correlation_uid)
      SQL
    )
  }

  queries = {
    json = {
      "Moves per day and source"        = <<-SQL
        ${local.attempts.json}
        SELECT day, source, count(*) AS moves
        FROM attempts
        WHERE outcome = 'migrated'
        GROUP BY day, source
        ORDER BY day, source
      SQL
      "Refusals and failures by reason" = <<-SQL
        ${local.attempts.json}
        SELECT outcome, reason, count(*) AS attempts
        FROM attempts
        WHERE outcome IN ('refused', 'failed')
        GROUP BY outcome, reason
        ORDER BY attempts DESC, outcome, reason
      SQL
      "Latency percentiles per day"     = <<-SQL
        ${local.attempts.json}
        SELECT day, outcome, count(*) AS attempts, approx_percentile(durationms, 0.5) AS p50,
          approx_percentile(durationms, 0.95) AS p95, approx_percentile(durationms, 0.99) AS p99
        FROM attempts
        GROUP BY day, outcome
        ORDER BY day, outcome
      SQL
      "Owed completions"                = <<-SQL
        ${local.attempts.json},
        completions AS (
          SELECT attemptid, max(CASE WHEN completion IN ('completed', 'abandoned') THEN 1 ELSE 0 END) AS done,
            max_by(reason, "time") AS reason
          FROM records
          WHERE day >= cast(cast(current_date - interval '30' day AS date) AS varchar) AND outcome IS NULL
          GROUP BY attemptid)
        SELECT attempts.day, attempts.attemptid, attempts.source, attempts.completion, completions.reason
        FROM attempts
        LEFT JOIN completions ON completions.attemptid = attempts.attemptid
        WHERE attempts.outcome = 'migrated' AND attempts.completion IN ('queued', 'owed') AND coalesce(completions.done, 0) = 0
        ORDER BY attempts.day, attempts.attemptid
      SQL
      "Attempts per client"             = <<-SQL
        ${local.attempts.json}
        SELECT clientid, outcome, count(*) AS attempts
        FROM attempts
        GROUP BY clientid, outcome
        ORDER BY attempts DESC, clientid, outcome
      SQL
    }
    ocsf = {
      "Moves per day and source"        = <<-SQL
        ${local.attempts.ocsf}
        SELECT day, source, count(*) AS moves
        FROM attempts
        WHERE outcome = 'migrated'
        GROUP BY day, source
        ORDER BY day, source
      SQL
      "Refusals and failures by reason" = <<-SQL
        ${local.attempts.ocsf}
        SELECT outcome, reason, count(*) AS attempts
        FROM attempts
        WHERE outcome IN ('refused', 'failed')
        GROUP BY outcome, reason
        ORDER BY attempts DESC, outcome, reason
      SQL
      "Latency percentiles per day"     = <<-SQL
        ${local.attempts.ocsf}
        SELECT day, outcome, count(*) AS attempts, approx_percentile(durationms, 0.5) AS p50,
          approx_percentile(durationms, 0.95) AS p95, approx_percentile(durationms, 0.99) AS p99
        FROM attempts
        GROUP BY day, outcome
        ORDER BY day, outcome
      SQL
      "Owed completions"                = <<-SQL
        ${local.attempts.ocsf},
        completions AS (
          SELECT metadata.correlation_uid AS attemptid,
            max(CASE WHEN status_code IN ('completed', 'abandoned') THEN 1 ELSE 0 END) AS done,
            max_by(status_detail, "time") AS reason
          FROM records
          WHERE day >= cast(cast(current_date - interval '30' day AS date) AS varchar) AND class_uid = 3001 AND status_code IN ('completed', 'owed', 'abandoned')
          GROUP BY metadata.correlation_uid)
        SELECT attempts.day, attempts.attemptid, attempts.source, attempts.completion, completions.reason
        FROM attempts
        LEFT JOIN completions ON completions.attemptid = attempts.attemptid
        WHERE attempts.outcome = 'migrated' AND attempts.completion IN ('queued', 'owed') AND coalesce(completions.done, 0) = 0
        ORDER BY attempts.day, attempts.attemptid
      SQL
      "Attempts per client"             = <<-SQL
        ${local.attempts.ocsf}
        SELECT clientid, outcome, count(*) AS attempts
        FROM attempts
        GROUP BY clientid, outcome
        ORDER BY attempts DESC, clientid, outcome
      SQL
    }
  }

  columns = {
    json = [
      { name = "attemptid", type = "string" },
      { name = "time", type = "string" },
      { name = "trigger", type = "string" },
      { name = "outcome", type = "string" },
      { name = "reason", type = "string" },
      { name = "durationms", type = "double" },
      { name = "calls", type = "int" },
      { name = "retries", type = "int" },
      { name = "source", type = "string" },
      { name = "challenge", type = "string" },
      { name = "secondfactor", type = "string" },
      { name = "unknowncode", type = "string" },
      { name = "finaluserstatus", type = "string" },
      { name = "userpoolid", type = "string" },
      { name = "clientid", type = "string" },
      { name = "username", type = "string" },
      { name = "completion", type = "string" },
      { name = "omittedattributes", type = "array<string>" },
      { name = "sourceuser", type = "string" },
      { name = "sourceuserbefore", type = "string" },
      { name = "groups", type = "int" },
      { name = "sourcesub", type = "string" },
      { name = "destinationsub", type = "string" },
    ]
    ocsf = [
      { name = "class_uid", type = "int" },
      { name = "activity_id", type = "int" },
      { name = "severity_id", type = "int" },
      { name = "status_id", type = "int" },
      { name = "status_code", type = "string" },
      { name = "status_detail", type = "string" },
      { name = "time", type = "bigint" },
      { name = "duration", type = "bigint" },
      { name = "message", type = "string" },
      { name = "metadata", type = "struct<uid:string,correlation_uid:string,event_code:string>" },
      { name = "actor", type = "struct<invoked_by:string,idp:struct<name:string>>" },
      { name = "user", type = "struct<uid:string,name:string,account:struct<uid:string,name:string>>" },
      { name = "unmapped", type = "struct<trigger:string,calls:int,retries:int,challenge:string,secondfactor:string,unknowncode:string,finaluserstatus:string,userpoolid:string,clientid:string,completion:string,omittedattributes:array<string>,sourceuser:string,sourceuserbefore:string,groups:int,sourcesub:string,destinationsub:string>" },
    ]
  }
}
