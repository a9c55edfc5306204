\set province random(1, :provinces)
\set district random(1, 3)
\set commune random(1, 8)
SELECT json_agg(json_build_object('level', level, 'people', people))
FROM composition(CASE :size::int
    WHEN 0 THEN 'P' || lpad(:province::text, 4, '0') || '-H0' || :district::text || '-X0' || :commune::text
    WHEN 1 THEN 'P' || lpad(:province::text, 4, '0')
    ELSE 'VN'
END, 'POLITICAL_THEORY', current_date);
