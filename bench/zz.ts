import { createBenchFirewall } from "./pipeline.ts";
import { exchangeOf } from "./traffic.ts";
const fw = await createBenchFirewall();
const e = exchangeOf(400,600); const b={request: Buffer.from(e.request), response: Buffer.from(e.response)};
const all:number[]=[], pol:number[]=[], rec:number[]=[], g:number[]=[];
const n=Number(process.env.N??40000);
for(let i=0;i<n;i++){ const c=await fw.pass(b); if(i>5000){all.push(c.all*1000);pol.push(c.phases.policy*1000);rec.push(c.phases.record*1000);g.push(c.phases.guard*1000);} }
const q=(a:number[],p:number)=>a.sort((x,y)=>x-y)[Math.floor(a.length*p)]!.toFixed(1);
console.log("all",q(all,.5),q(all,.1),"policy",q(pol,.5),q(pol,.1),"record",q(rec,.5),q(rec,.1),"guard",q(g,.5),q(g,.1));
