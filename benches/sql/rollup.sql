\set province random(1, :provinces)
\set district random(1, 3)
\set commune random(1, 8)
SELECT subject_code, rank, sum(people) FROM headcount
WHERE scope = 'ADMINISTRATIVE' AND NOT key_leaders AND subject_code IN ('POLITICAL_THEORY', '') AND day <= current_date
  AND unit_id = (SELECT id FROM unit WHERE code = CASE :size::int
      WHEN 0 THEN 'P' || lpad(:province::text, 4, '0') || '-H0' || :district::text || '-X0' || :commune::text
      WHEN 1 THEN 'P' || lpad(:province::text, 4, '0')
      ELSE 'VN'
  END)
GROUP BY subject_code, rank;
