\set province random(1, :provinces)
\set district random(1, 3)
\set year random(2022, 2026)
SELECT json_agg(json_build_object(
    'seats', quota.seats, 'allocated', quota.allocated, 'used', quota.used,
    'measure', quota.measure, 'state', quota.state, 'unit', unit.code, 'unitName', version.name,
    'programme', programme.code, 'programmeName', programme.name,
    'plan', plan.code, 'planName', plan.name, 'documentNo', plan.document_no)
    ORDER BY quota.programme_code, quota.id)
FROM quotas_below('P' || lpad(:province::text, 4, '0') || '-H0' || :district::text, :year) AS quota
JOIN training_plan AS plan ON plan.id = quota.plan_id
JOIN programme ON programme.code = quota.programme_code
JOIN unit ON unit.id = quota.unit_id
JOIN unit_version AS version ON version.unit_id = unit.id;
